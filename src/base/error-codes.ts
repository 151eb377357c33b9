import { type CatalogueEntry, Exit } from "./exit.ts";
import { rolloutErrors } from "./rollout-error-codes.ts";

export { Exit, type ExitCode } from "./exit.ts";

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
  IOT_FILE_EXISTS: {
    exit: Exit.usage,
    summary: "A file that would be written is there already.",
  },
  IOT_DISK_FULL: {
    exit: Exit.remote,
    summary: "The disk has no room left; nothing was half-written. Free space and run the command again.",
  },
  IOT_SERVER_NOT_STARTED: {
    exit: Exit.remote,
    summary:
      "The fleet server or storefront of this environment has never been started where it is looked for.",
  },
  IOT_TOKEN_MISSING: {
    exit: Exit.remote,
    summary: "The environment variable that should hold a token is not set.",
  },
  IOT_PORT_IN_USE: {
    exit: Exit.usage,
    summary: "Another program listens on the port that was asked for; `--port 0` takes any free one.",
  },
  IOT_NODE_TOO_OLD: {
    exit: Exit.usage,
    summary: "This Node.js is older than iotctl supports.",
  },
  IOT_AGENT_DIR_IN_USE: {
    exit: Exit.staleOrLocked,
    summary: "Another agent already runs on this state directory.",
  },
  IOT_AGENT_SERVER_ANSWER: {
    exit: Exit.remote,
    summary:
      "The fleet server answered a device with something that DDI does not promise; the device tries again.",
  },
  IOT_AGENT_SERVER_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The fleet server did not answer a device; the device tries again.",
  },
  IOT_DEMO_DIR_TAKEN: {
    exit: Exit.usage,
    summary: "The directory that the demo was to replace holds something that is not a demo's.",
  },
  IOT_INTERRUPTED: {
    exit: Exit.interrupted,
    summary: "Somebody stopped the command; what it had begun goes on when it is run again.",
  },
  IOT_PLAN_BLOCKED: {
    exit: Exit.blocked,
    summary:
      "No order of steps keeps every pair that may meet compatible; the message names the pairs and their evidence.",
  },
  IOT_PLAN_TOO_LARGE: {
    exit: Exit.blocked,
    summary: "So many versions depend on one another that no order could be searched for within bounds.",
  },
  IOT_PLAN_EDITED: {
    exit: Exit.blocked,
    summary:
      "The steps of a saved plan are not what planning gives for what it was made from: it was edited, or made by another version of iotctl.",
  },
  IOT_PLAN_FILE_INVALID: {
    exit: Exit.usage,
    summary: "A file is not a plan that `iotctl plan -o` wrote.",
  },
  IOT_PLAN_STALE: {
    exit: Exit.staleOrLocked,
    summary:
      "The manifest, the field or the published releases changed since a plan was saved; the message says what. Plan again and look at it.",
  },
  IOT_FIELD_INVALID: {
    exit: Exit.usage,
    summary: "A file that should describe a field does not; the message lists everything wrong with it.",
  },
  IOT_MANIFEST_INVALID: {
    exit: Exit.usage,
    summary:
      "A manifest has problems; the message lists all of them with their places. See docs/manifest.md.",
  },
  IOT_MANIFEST_NOT_TEXT: {
    exit: Exit.usage,
    summary: "A manifest is not UTF-8 text; perhaps an artifact was named in its place.",
  },
  IOT_MANIFEST_TOO_LARGE: {
    exit: Exit.usage,
    summary:
      "A manifest is larger than 1 MiB and was not parsed; perhaps an artifact was named in its place.",
  },
  IOT_ENVIRONMENT_UNKNOWN: {
    exit: Exit.usage,
    summary: "No environment of this name stands in iotctl.yaml; the message lists those that do.",
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
  IOT_IDENTITY_TOKEN_MISSING: {
    exit: Exit.remote,
    summary: "There is no OIDC token to sign with an identity; in CI the job has to ask for one.",
  },
  IOT_KEYLESS_FAILED: {
    exit: Exit.remote,
    summary:
      "A certificate authority, log or timestamp authority did not do its part in signing with an identity.",
  },
  IOT_KEYLESS_UNCONFIGURED: {
    exit: Exit.usage,
    summary: "The environment does not say where certificates for identities come from: `signing.keyless`.",
  },
  IOT_TRUSTED_ROOT_INVALID: {
    exit: Exit.usage,
    summary: "The file that `trusted-root` names is not a Sigstore trusted root that can verify anything.",
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
    summary:
      "The storefront has this app version already, with other content; give the new content a higher version.",
  },
  IOT_STOREFRONT_IN_REVIEW: {
    exit: Exit.undecided,
    summary:
      "The storefront still reviews this app version and shows it to nobody yet; go on when the review is over.",
  },
  IOT_STOREFRONT_IN_USE: {
    exit: Exit.staleOrLocked,
    summary: "Another local storefront already runs in this directory.",
  },
  IOT_STOREFRONT_REFUSED: {
    exit: Exit.blocked,
    summary:
      "The storefront's rules forbid what was asked: a version lower than a published one, or more exposure for a halted one.",
  },
  IOT_STOREFRONT_STATE_INVALID: {
    exit: Exit.usage,
    summary:
      "The file in which a local storefront keeps its state is damaged or not one of its own; nothing was changed.",
  },
  IOT_STOREFRONT_UNREACHABLE: {
    exit: Exit.remote,
    summary:
      "The storefront does not answer, or something else answers at its address; `iotctl dev storefront` starts a local one.",
  },
  IOT_FLEET_ADDRESS_UNUSABLE: {
    exit: Exit.usage,
    summary: "The fleet server may not listen on this address or port.",
  },
  IOT_FLEET_ARTIFACT_DIFFERS: {
    exit: Exit.blocked,
    summary: "The bytes of an artifact are not those that its digest and size announce.",
  },
  IOT_FLEET_CANNOT_STAGE: {
    exit: Exit.blocked,
    summary:
      "The plan brings an image to every device before any of them runs it, and the fleet backend has no way to do that.",
  },
  IOT_FLEET_DATABASE_NEWER: {
    exit: Exit.usage,
    summary: "The fleet server's database was written by a newer iotctl.",
  },
  IOT_FLEET_DATABASE_UNREADABLE: {
    exit: Exit.usage,
    summary: "The fleet server's database file is damaged or not a database.",
  },
  IOT_FLEET_DEVICE_UNKNOWN: {
    exit: Exit.usage,
    summary: "The fleet has no device of this id; `iotctl fleet devices` lists those it has.",
  },
  IOT_FLEET_DIR_IN_USE: {
    exit: Exit.staleOrLocked,
    summary: "Another fleet server uses the directory; one directory belongs to one server at a time.",
  },
  IOT_FLEET_REFUSED: {
    exit: Exit.remote,
    summary: "The fleet server understood a request and refused it; the message says why.",
  },
  IOT_FLEET_UNAUTHORIZED: {
    exit: Exit.remote,
    summary: "The fleet server does not take the control token.",
  },
  IOT_FLEET_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The fleet server does not answer, or what answers is not one. `iotctl fleet serve` starts one.",
  },
  IOT_SIMULATION_FIELD_UNKNOWN: {
    exit: Exit.usage,
    summary: "There is no field to simulate: no device or user was observed. `--field` describes one.",
  },
  IOT_SIMULATION_MODEL_INVALID: {
    exit: Exit.usage,
    summary: "A model file says something about users and devices that cannot be simulated.",
  },
  IOT_SIMULATION_TOO_MANY_LOOKS: {
    exit: Exit.usage,
    summary: "The simulated days are more looks at the field than a simulation makes.",
  },
  IOT_SIMULATION_TOO_MANY_VERSIONS: {
    exit: Exit.usage,
    summary: "A release has more app or firmware versions than a simulation tells apart.",
  },
  ...rolloutErrors,
} as const satisfies Record<string, CatalogueEntry>;
export type ErrorCode = keyof typeof errorCatalogue;
