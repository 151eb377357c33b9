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

interface CatalogueEntry {
  readonly exit: ExitCode;
  /** One sentence for docs/errors.md: when this happens and what to do. */
  readonly summary: string;
}

/**
 * Every code the product can end with. Sorted by room, then by name; docs/errors.md is generated
 * from it, and a test holds that each code is both used and documented.
 */
export const errorCatalogue = {
  IOT_USAGE: {
    exit: Exit.usage,
    summary: "The command line is not one that the command takes; `--help` shows what it takes.",
  },
  IOT_FILE_UNREADABLE: {
    exit: Exit.usage,
    summary: "A file that was named cannot be read: it is missing, a directory, or not permitted.",
  },
  IOT_DISK_FULL: {
    exit: Exit.remote,
    summary: "The disk has no room left; nothing was half-written. Free space and run the command again.",
  },
  IOT_NODE_TOO_OLD: {
    exit: Exit.usage,
    summary: "This Node.js is older than iotctl supports.",
  },
  IOT_PLAN_NEEDS_HOPS: {
    exit: Exit.blocked,
    summary:
      "A firmware version in the field cannot take the target in one step, and plans in which a component moves more than once are not supported yet.",
  },
} as const satisfies Record<string, CatalogueEntry>;
export type ErrorCode = keyof typeof errorCatalogue;
