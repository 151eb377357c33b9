import { IotctlError } from "../../base/errors.ts";

/** Whether a rollout may have this id: it is a name in directories, addresses and buckets. */
export function isRolloutId(text: string): boolean {
  return /^[A-Za-z0-9][\w.@+-]{0,199}$/.test(text);
}

/** `place` says where it was looked for. */
export function rolloutUnknown(rolloutId: string, place: string): IotctlError {
  return new IotctlError("IOT_ROLLOUT_UNKNOWN", `There is no rollout ${rolloutId} in ${place}.`, {
    hints: ["See which there are: iotctl rollout list"],
  });
}

export function rolloutExists(rolloutId: string): IotctlError {
  return new IotctlError("IOT_ROLLOUT_EXISTS", `There is a rollout ${rolloutId} already.`, {
    hints: [`See it: iotctl rollout status ${rolloutId}`],
  });
}

/** Ids in the order in which the rollouts began; `Infinity` where that cannot be read. */
export function inOrderOfBeginning(
  rollouts: readonly { readonly rolloutId: string; readonly atMs: number }[],
): readonly string[] {
  return rollouts
    .toSorted((a, b) => a.atMs - b.atMs || (a.rolloutId < b.rolloutId ? -1 : 1))
    .map(({ rolloutId }) => rolloutId);
}
