import { IotctlError } from "../../base/errors.ts";

/** Somebody else moves the rollout right now; whoever gets this has done nothing. */
export function rolloutLocked(rolloutId: string): IotctlError {
  return locked(rolloutId, `Another process has its turn with rollout ${rolloutId}; nothing was done here.`);
}

/** The turn ended before its work did: another process may go on with the rollout. */
export function turnLost(rolloutId: string): IotctlError {
  return locked(rolloutId, `The turn with rollout ${rolloutId} was lost: it could not be renewed in time.`);
}

/** Somebody else begins a rollout and takes longer than was waited. */
export function beginningLocked(waitedMs: number): IotctlError {
  return new IotctlError(
    "IOT_ROLLOUT_LOCKED",
    `Another process begins a rollout and did not finish within ${waitedMs / 1000} s.`,
    { hints: ["See what is under way: iotctl rollout list", "Then run the same command again"] },
  );
}

function locked(rolloutId: string, message: string): IotctlError {
  return new IotctlError("IOT_ROLLOUT_LOCKED", message, {
    hints: [`See how it goes: iotctl rollout status ${rolloutId}`],
    details: { rolloutId },
  });
}
