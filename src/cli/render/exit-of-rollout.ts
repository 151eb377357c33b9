import { Exit, type ExitCode } from "../../base/error-codes.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

/** The exit code that says how a rollout stands. */
export function exitOfRollout({ status }: RolloutView): ExitCode {
  switch (status) {
    case "completed":
      return Exit.done;
    case "failed":
    case "rolled-back":
    case "rolling-back":
    case "aborted":
      return Exit.rolloutFailed;
    case "running":
    case "paused":
    case "awaiting-approval":
      return Exit.undecided;
  }
}
