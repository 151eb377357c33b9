import { stepName } from "./firmware-step.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";

/** What the judgement of a rollout knows of its devices: how many, never which. */
export interface Tally {
  /** Devices that began and are not done. */
  readonly updating: number;
  /** Devices that have their assignment and nothing that holds them, but have not begun. */
  readonly toBegin: number;
  /** By firmware step, under its `stepName`. */
  readonly steps: Readonly<Record<string, StepTally>>;
}

/** How many devices did one firmware step well, and how many did not. */
export interface StepTally {
  readonly updated: number;
  readonly failed: number;
  /** Of the updated: fell silent. */
  readonly silent: number;
  /** Of the updated: not heard of since, and not for long enough to count as silent. */
  readonly unheard: number;
}

export const nobody: StepTally = { updated: 0, failed: 0, silent: 0, unheard: 0 };

/** Counts the devices of a rollout. A device counts in every step that it has gone through. */
export function tallyOf({ devices }: RolloutState): Tally {
  let updating = 0;
  let toBegin = 0;
  const steps: Record<string, { -readonly [Key in keyof StepTally]: number }> = {};
  for (const device of Object.values(devices)) {
    if (device.status === "updating") updating++;
    if (device.status === "assigned" && device.reason === "") toBegin++;
    for (let step: DeviceProgress | undefined = device; step; step = step.earlier) {
      const counts = (steps[stepName(step)] ??= { ...nobody });
      if (step.status === "failed") counts.failed++;
      if (step.status !== "updated") continue;
      counts.updated++;
      if (step.silent) counts.silent++;
      else if (!step.heard) counts.unheard++;
    }
  }
  return { updating, toBegin, steps };
}
