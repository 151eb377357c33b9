import { isShut } from "./calendar.ts";
import { lastWave } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";

/** Whether no device is given anything now, by the windows of the stage that the rollout is in. */
export function nothingBegins(state: RolloutState, nowMs: number): boolean {
  const stage = state.config.stages[lastWave(state)?.stageIndex ?? -1];
  return isShut(nowMs, stage?.windows, state.freezes);
}
