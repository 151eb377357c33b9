import { type CatalogueEntry, Exit } from "./exit.ts";

/** The codes that rollouts, their journals and the people they wait for can end with; part of the catalogue. */
export const rolloutErrors = {
  IOT_APPROVERS_TOO_FEW: {
    exit: Exit.usage,
    summary: "A stage asks for more people than the environment names as approvers; it could never begin.",
  },
  IOT_APPROVER_KEY_SHARED: {
    exit: Exit.usage,
    summary: "Two approvers of the environment have the same key; one key is one person.",
  },
  IOT_CONFIRMATION_NEEDED: {
    exit: Exit.usage,
    summary:
      "The command asks a person before it goes on, and nobody can answer here; the message names the flag that does.",
  },
  IOT_CONSENT_INVALID: {
    exit: Exit.blocked,
    summary:
      "An approval, a denial or the end of a bake time was not signed like that: edited, for something else, or said before something later.",
  },
  IOT_CONSENT_UNTRUSTED: {
    exit: Exit.blocked,
    summary: "Whoever signed is not among the approvers of the rollout; the message names them.",
  },
  IOT_DEVICE_NOT_FAILED: {
    exit: Exit.usage,
    summary: "A device was to be tried again that has not failed in the rollout.",
  },
  IOT_JOURNAL_DAMAGED: {
    exit: Exit.staleOrLocked,
    summary:
      "The journal of a rollout was cut, reordered or edited; the message names the first record that does not fit.",
  },
  IOT_JOURNAL_NEWER: {
    exit: Exit.usage,
    summary:
      "The journal of a rollout was written by a newer iotctl; the message names what is unknown in it.",
  },
  IOT_JOURNAL_RECORD_TOO_LARGE: {
    exit: Exit.blocked,
    summary:
      "A rollout would write more into one record than where its journal lies takes; nothing was written. A directory takes the largest, up to 256 MiB.",
  },
  IOT_JOURNAL_STORE_REFUSED: {
    exit: Exit.remote,
    summary:
      "The bucket that keeps the journals cannot be used: it is missing, or the credentials are missing, wrong or too weak.",
  },
  IOT_JOURNAL_STORE_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The store of the journals does not answer, or not as S3 does; run the same command again.",
  },
  IOT_JOURNAL_STORE_UNSAFE: {
    exit: Exit.blocked,
    summary:
      "The store that should keep the journals ignores conditional writes, so two rollouts could overwrite one another, or does not say how old an object is, so a lease would never end.",
  },
  IOT_METRICS_NOT_CONFIGURED: {
    exit: Exit.usage,
    summary:
      "Stages of the release have gates that ask metrics, and iotctl.yaml does not say where this environment has any.",
  },
  IOT_METRICS_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The metrics give no answer. In a rollout that is under way such a gate has no data, and holds.",
  },
  IOT_METRIC_QUERY_INVALID: {
    exit: Exit.usage,
    summary: "The metrics refuse the query of a gate; the message has their words.",
  },
  IOT_NOT_CONFIRMED: {
    exit: Exit.undecided,
    summary: "A person was asked before the command went on and did not say yes; nothing was done.",
  },
  IOT_RELEASE_CHANGED: {
    exit: Exit.staleOrLocked,
    summary:
      "The manifest, an artifact or the policy is not what the rollout that is under way began with; the message names what differs.",
  },
  IOT_RELEASE_STOPPED_BEFORE: {
    exit: Exit.blocked,
    summary:
      "This release failed, was aborted or was rolled back before; `--again` rolls it out once more on purpose.",
  },
  IOT_ROLLBACK_BLOCKED: {
    exit: Exit.blocked,
    summary:
      "No device of the rollout can go back, or none was updated: the message names what it would meet and does not fit, and what to do instead.",
  },
  IOT_ROLLOUT_EXISTS: {
    exit: Exit.staleOrLocked,
    summary: "A rollout of that name was started already.",
  },
  IOT_ROLLOUT_IN_PROGRESS: {
    exit: Exit.staleOrLocked,
    summary:
      "Another release of the same product is being rolled out, or was stopped and is not done with stopping; end that first.",
  },
  IOT_ROLLOUT_LOCKED: {
    exit: Exit.staleOrLocked,
    summary: "Another process is working on the same rollout; run the command again when it has finished.",
  },
  IOT_ROLLOUT_NOT_UNDER_WAY: {
    exit: Exit.blocked,
    summary: "The rollout has ended or goes back, and what was asked for needs one that is under way.",
  },
  IOT_ROLLOUT_SUPERSEDED: {
    exit: Exit.staleOrLocked,
    summary: "The rollout has ended and a later one of its product began; only that one can be worked on.",
  },
  IOT_ROLLOUT_UNKNOWN: {
    exit: Exit.usage,
    summary: "No rollout of that name is known in this environment; `iotctl rollout list` shows which are.",
  },
  IOT_SERVICE_DEPLOY_FAILED: {
    exit: Exit.rolloutFailed,
    summary: "The command that deploys a service failed; its output is in the details.",
  },
  IOT_SERVICE_NOT_DEPLOYED: {
    exit: Exit.undecided,
    summary: "A service was deployed, but does not answer with the version that was deployed.",
  },
  IOT_SERVICE_UNREACHABLE: {
    exit: Exit.remote,
    summary: "The address where a service tells its version does not answer.",
  },
  IOT_STAGE_NEEDS_NO_APPROVAL: {
    exit: Exit.usage,
    summary: "The stage asks for nobody's approval, and nobody holds it.",
  },
  IOT_STAGE_OVER: {
    exit: Exit.blocked,
    summary: "Every wave of the stage has begun; no approval lets more of it begin, and no denial holds it.",
  },
  IOT_STAGE_UNKNOWN: {
    exit: Exit.usage,
    summary: "The rollout has no stage of that name; the message lists which it has.",
  },
  IOT_WAVE_NOT_BAKING: {
    exit: Exit.usage,
    summary: "There is no bake time to skip: no wave of the rollout has begun, or it was cut short already.",
  },
} as const satisfies Record<string, CatalogueEntry>;
