import type { Gate } from "./release.ts";

const sixHoursMs = 6 * 60 * 60 * 1000;

/** A number is asked for each minute, and three in a row decide. */
export const gateDefaults = { alpha: 0.05, deadlineMs: sixHoursMs, everyMs: 60_000, readings: 3 } as const;
const { alpha, deadlineMs } = gateDefaults;

/** Gates that every release may name without defining them; a definition of the same name replaces one. */
export const builtInGates: Readonly<Record<string, Gate>> = {
  updated: { measure: "update-failure", limitPercent: 2, alpha, deadlineMs },
  heartbeat: { measure: "silent-after-update", limitPercent: 2, alpha, deadlineMs },
};

/** The gates of a stage that names none. */
export const defaultStageGates: readonly string[] = ["updated"];
