import { IotctlError } from "../../base/errors.ts";

/** Somebody else moves the rollout right now; whoever gets this has done nothing. */
export function rolloutLocked(rolloutId: string): IotctlError {
  return new IotctlError(
    "IOT_ROLLOUT_LOCKED",
    `Another process has its turn with rollout ${rolloutId}; nothing was done here.`,
    { hints: [`See how it goes: iotctl rollout status ${rolloutId}`], details: { rolloutId } },
  );
}
