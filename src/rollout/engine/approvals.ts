import type { Phase } from "./schedule.ts";
import type { RolloutState } from "./state.ts";

/** How many people still have to approve the stage of the current wave. */
export function approvalsMissing(state: RolloutState, phase: Phase): number {
  const stage = state.config.stages[phase.waves[state.waveIndex]?.stageIndex ?? -1];
  if (!stage) return 0;
  const people = new Set(
    state.approvals.filter((each) => each.stage === stage.name && !each.denied).map(({ by }) => by),
  );
  return Math.max(0, stage.approvalsRequired - people.size);
}

/** Whether somebody's last word about the stage of the current wave is a no: one is enough to hold it. */
export function isDenied(state: RolloutState, phase: Phase): boolean {
  const stage = state.config.stages[phase.waves[state.waveIndex]?.stageIndex ?? -1];
  return state.approvals.some((each) => each.denied && each.stage === stage?.name);
}
