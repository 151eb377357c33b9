import type { Gate } from "./release.ts";

const sixHoursMs = 6 * 60 * 60 * 1000;

export const gateDefaults = { alpha: 0.05, deadlineMs: sixHoursMs } as const;

/** Gates that every release may name without defining them; a definition of the same name replaces one. */
export const builtInGates: Readonly<Record<string, Gate>> = {
  updated: { measure: "update-failure", limitPercent: 2, ...gateDefaults },
  heartbeat: { measure: "silent-after-update", limitPercent: 2, ...gateDefaults },
};

/** The gates of a stage that names none. */
export const defaultStageGates: readonly string[] = ["updated"];
