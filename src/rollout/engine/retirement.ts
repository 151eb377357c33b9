import type { PlanStep } from "../../planner/plan.ts";
import { kindOf } from "./release-kinds.ts";
import type { Phase } from "./schedule.ts";
import type { RolloutState } from "./state.ts";

/** The versions that a phase still waits for to leave the field. */
export function retirementsMissing(state: RolloutState, phase: Phase): readonly PlanStep[] {
  return phase.after.filter((step) => !hasRetired(state, step));
}

/**
 * Whether so few use a version that it counts as gone. Devices that were not seen for long do not
 * count any more; where nobody can tell who uses what, nothing counts as gone.
 */
function hasRetired(state: RolloutState, step: PlanStep): boolean {
  if (kindOf(state.config, step.component) === "service") return step.component in state.deployed;
  if (state.population === null) return false;
  const counts = state.population.versions[step.component];
  if (counts === undefined) return false;
  const users = counts[step.version] ?? 0;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return users === 0 || (users / total) * 100 < state.config.retire.belowPercent;
}
