/** What a device is doing. */
export const activity = {
  idle: 0,
  assigned: 1,
  installing: 2,
  /** Done, and not heard of since. */
  unheard: 3,
  failed: 4,
  /** Done, and never heard of again. */
  dead: 5,
} as const;
