import { type Closed, closedBecause } from "./calendar.ts";
import { lastWave } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";

/** Why no device is given anything now, by the windows of the stage that the rollout is in; null when it may be. */
export function nothingBegins(state: RolloutState, nowMs: number): Closed | null {
  const stage = state.config.stages[lastWave(state)?.stageIndex ?? -1];
  return closedBecause(nowMs, stage?.windows, state.freezes);
}
