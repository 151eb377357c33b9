import { IotctlError } from "../base/errors.ts";
import { iotctlCommand } from "../base/iotctl-command.ts";
import { hasEnded, type RolloutState } from "../rollout/engine/state.ts";

/**
 * Refuses what needs a rollout that goes forward: IOT_ROLLOUT_NOT_UNDER_WAY on one that has ended or goes back.
 *
 * @param why ends the sentence that says how it stands
 */
export function assertUnderWay(
  { config, status }: RolloutState,
  why = "nothing that is said of it now moves it",
  hint?: string,
): void {
  if (!hasEnded(status) && status !== "rolling-back") return;
  const { environment, rolloutId } = config;
  throw new IotctlError(
    "IOT_ROLLOUT_NOT_UNDER_WAY",
    `Rollout ${rolloutId} is ${status.replaceAll("-", " ")}; ${why}.`,
    {
      hints: [hint ?? `See how it stands: ${iotctlCommand(`rollout status ${rolloutId}`, environment)}`],
      details: { rolloutId, status },
    },
  );
}
