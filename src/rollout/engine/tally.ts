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

type Counts = { -readonly [Key in keyof StepTally]: number };

/** A tally that is being counted. */
export interface TallyCounts {
  updating: number;
  toBegin: number;
  readonly steps: Record<string, Counts>;
}

/** Counts the devices of a rollout. A device counts in every step that it has gone through. */
export function tallyOf({ devices }: RolloutState): Tally {
  const counts = emptyCounts();
  for (const device of Object.values(devices)) countDevice(counts, device, 1);
  return tallyFrom(counts);
}

export function emptyCounts(): TallyCounts {
  return { updating: 0, toBegin: 0, steps: {} };
}

/** Counts a device in, or out with -1. What it did when it was tried again proves nothing: the first time counts. */
export function countDevice(counts: TallyCounts, device: DeviceProgress, by: 1 | -1): void {
  if (device.status === "updating") counts.updating += by;
  if (device.status === "assigned" && device.reason === "") counts.toBegin += by;
  for (let step: DeviceProgress | undefined = device; step; step = step.earlier) {
    if (step.retry !== undefined) continue;
    const ofStep = (counts.steps[stepName(step)] ??= { ...nobody });
    if (step.status === "failed") ofStep.failed += by;
    if (step.status !== "updated") continue;
    ofStep.updated += by;
    if (step.silent) ofStep.silent += by;
    else if (!step.heard) ofStep.unheard += by;
  }
}

/** A tally as it stands, which later counting does not change. */
export function tallyFrom({ steps, toBegin, updating }: TallyCounts): Tally {
  return {
    updating,
    toBegin,
    steps: Object.fromEntries(Object.entries(steps).map(([name, counts]) => [name, { ...counts }])),
  };
}
