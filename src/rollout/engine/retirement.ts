import type { PlanStep } from "../../planner/plan.ts";
import { stepName } from "./firmware-step.ts";
import { kindOf } from "./release-kinds.ts";
import type { Phase } from "./schedule.ts";
import type { RolloutState } from "./state.ts";

/** Steps that a phase waits for: versions that have not left the field, images that do not lie ready everywhere. */
export function stillAwaited(state: RolloutState, phase: Phase): readonly PlanStep[] {
  return [...retirementsMissing(state, phase), ...stagingMissing(state, phase)];
}

/** The versions that a phase still waits for to leave the field. */
export function retirementsMissing(state: RolloutState, phase: Phase): readonly PlanStep[] {
  return phase.after.filter((step) => !hasRetired(state, step));
}

/** The images that a phase still waits for to lie ready: so few devices are without that they count as gone. */
export function stagingMissing({ config, population }: RolloutState, phase: Phase): readonly PlanStep[] {
  return phase.afterStaging.filter((step) => {
    const count = population?.staging?.[stepName(step)];
    return !count || count.devices === 0 || !isGone(count.without, count.devices, config.retire.belowPercent);
  });
}

/**
 * Whether so few use a version, or may use it for all that is known, that it counts as gone. Devices
 * that were not seen for long do not count any more; where nothing is known of anybody, nothing counts
 * as gone.
 */
function hasRetired({ config, deployed, population }: RolloutState, step: PlanStep): boolean {
  if (kindOf(config, step.component) === "service") {
    return step.component in deployed && deployed[step.component] !== step.version;
  }
  const counts = population?.versions[step.component];
  if (counts === undefined) return false;
  const known = Object.values(counts).reduce((sum, count) => sum + count, 0);
  // Looks of earlier releases say nothing of the unknown, and took none for gone.
  if (known === 0 && population?.unknown !== undefined) return false;
  const unknown = population?.unknown?.[step.component] ?? 0;
  return isGone((counts[step.version] ?? 0) + unknown, known + unknown, config.retire.belowPercent);
}

function isGone(left: number, total: number, belowPercent: number): boolean {
  return left === 0 || (left / total) * 100 < belowPercent;
}
