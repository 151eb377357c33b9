/** Process exit codes, documented in docs/exit-codes.md and stable. */
export const Exit = {
  done: 0,
  bug: 1,
  usage: 2,
  blocked: 3,
  undecided: 4,
  rolloutFailed: 5,
  staleOrLocked: 6,
  remote: 7,
  changes: 10,
  interrupted: 130,
} as const;
export type ExitCode = (typeof Exit)[keyof typeof Exit];

/** What is known of an error code before it happens. */
export interface CatalogueEntry {
  readonly exit: ExitCode;
  /** One sentence for docs/errors.md: when this happens and what to do. */
  readonly summary: string;
}
