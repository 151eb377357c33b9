/** Thrown when a search would take more steps than it is allowed to. */
export class TooLargeError extends Error {}
