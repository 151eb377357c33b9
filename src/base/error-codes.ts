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
  IOT_BUG: {
    exit: Exit.bug,
    summary: "Something happened that iotctl does not account for: a bug of ours. Please report it.",
  },
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
  IOT_SERVER_NOT_STARTED: {
    exit: Exit.remote,
    summary: "The fleet server or storefront of this environment has never been started where it is looked for.",
  },
  IOT_TOKEN_MISSING: {
    exit: Exit.remote,
    summary: "The environment variable that should hold a control token is not set.",
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
  IOT_ARTIFACT_CHANGED: {
    exit: Exit.blocked,
    summary: "A file no longer has the digest that was recorded for it. Build and sign the bundle again.",
  },
  IOT_ARTIFACT_MISSING: {
    exit: Exit.usage,
    summary: "Files that the manifest names as artifacts are not there, or are not regular files.",
  },
  IOT_BUNDLE_INVALID: {
    exit: Exit.usage,
    summary: "The directory is not a bundle of iotctl, or its structure is damaged.",
  },
  IOT_BUNDLE_PLACE_TAKEN: {
    exit: Exit.usage,
    summary: "The place for the bundle holds something else, which is never replaced.",
  },
  IOT_KEY_INVALID: {
    exit: Exit.usage,
    summary: "A key file is not a PEM with a P-256 key, the only type that is used.",
  },
  IOT_KEY_LOCKED: {
    exit: Exit.remote,
    summary: "The signing key is encrypted and IOTCTL_KEY_PASSPHRASE is not set or does not open it.",
  },
  IOT_KEY_MISSING: {
    exit: Exit.remote,
    summary: "A key file that the environment names does not exist.",
  },
  IOT_SIGNATURE_INVALID: {
    exit: Exit.blocked,
    summary: "A signature is malformed, does not match, or speaks of another release.",
  },
  IOT_SIGNATURE_MISSING: {
    exit: Exit.blocked,
    summary: "The bundle carries no signature. Sign it first.",
  },
  IOT_SIGNATURE_UNTRUSTED: {
    exit: Exit.blocked,
    summary: "The bundle was signed by a key that is not among the trusted ones.",
  },
  IOT_STORAGE_BLOB_MISSING: {
    exit: Exit.remote,
    summary: "The storage lacks bytes that a release refers to. Push the bundle again.",
  },
  IOT_STORAGE_CORRUPT: {
    exit: Exit.remote,
    summary: "Bytes in the storage no longer have their digest, or a record cannot be read.",
  },
  IOT_STORAGE_DIGEST_MISMATCH: {
    exit: Exit.remote,
    summary: "Bytes that were to be stored do not have the digest or size announced for them.",
  },
  IOT_STORAGE_UNAVAILABLE: {
    exit: Exit.remote,
    summary: "The storage cannot be read or written: not permitted, read-only, or not a directory.",
  },
  IOT_STORAGE_VERSION_TAKEN: {
    exit: Exit.blocked,
    summary: "Another release was published under this product and version. Raise the version.",
  },
  IOT_STOREFRONT_CONFLICT: {
    exit: Exit.blocked,
    summary: "The storefront has this app version already, with other content; give the new content a higher version.",
  },
  IOT_STOREFRONT_IN_REVIEW: {
    exit: Exit.undecided,
    summary: "The storefront still reviews this app version and shows it to nobody yet; go on when the review is over.",
  },
  IOT_STOREFRONT_IN_USE: {
    exit: Exit.staleOrLocked,
    summary: "Another local storefront already runs in this directory.",
  },
  IOT_STOREFRONT_REFUSED: {
    exit: Exit.blocked,
    summary: "The storefront's rules forbid what was asked: a version lower than a published one, or more exposure for a halted one.",
  },
  IOT_STOREFRONT_STATE_INVALID: {
    exit: Exit.usage,
    summary: "The file in which a local storefront keeps its state is damaged or not one of its own; nothing was changed.",
  },
  IOT_STOREFRONT_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The storefront does not answer, or something else answers at its address; `iotctl dev storefront` starts a local one.",
  },
} as const satisfies Record<string, CatalogueEntry>;
export type ErrorCode = keyof typeof errorCatalogue;
