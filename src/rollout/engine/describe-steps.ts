import { type FirmwareStep, stepName } from "./firmware-step.ts";
import { isTakenBack } from "./describe-way-back.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";

export interface StepView {
  readonly id: string;
  readonly action: "introduce" | "retire";
  readonly component: string;
  readonly version: string;
  /** Devices only keep the version ready. */
  readonly staged?: true;
  /** `taken back`: it had begun before the rollout turned round. */
  readonly state: "done" | "under way" | "taken back" | "next" | "left to time";
  /** Share that has it: of users that may install an app, of devices that run a firmware; null when it says nothing. */
  readonly percent: number | null;
}

/** The steps of the plan, in its order. */
export function viewSteps(state: RolloutState): StepView[] {
  const phases = phasesOf(state.config);
  const phaseOf = new Map<string, number>();
  for (const [index, phase] of phases.entries()) {
    for (const step of phase.after) phaseOf.set(step.id, index - 0.5);
    for (const step of phase.introductions) phaseOf.set(step.id, index);
  }
  const here = state.waveIndex === 0 && !state.waveEntered ? state.phaseIndex - 0.5 : state.phaseIndex;
  return state.config.plan.steps.map((step) => {
    const phase = phaseOf.get(step.id);
    const progress =
      phase === undefined ? "left to time" : phase < here ? "done" : phase === here ? "under way" : "next";
    return {
      id: step.id,
      action: step.action,
      component: step.component,
      version: step.version,
      ...(step.staged && { staged: true }),
      state: stateOf(state, step, progress),
      percent: step.action === "introduce" ? shareOf(state, step) : null,
    };
  });
}

function stateOf(
  state: RolloutState,
  step: Pick<StepView, "action" | "component" | "version">,
  progress: StepView["state"],
): StepView["state"] {
  if (step.action === "retire") {
    return progress === "left to time" && isGone(state, step) ? "done" : progress;
  }
  const hasBegun = progress === "done" || progress === "under way";
  return hasBegun && isTakenBack(state, step) ? "taken back" : progress;
}

function isGone(state: RolloutState, step: { component: string; version: string }): boolean {
  if (kindOf(state.config, step.component) === "service") {
    return step.component in state.deployed && state.deployed[step.component] !== step.version;
  }
  const { unknown, versions } = state.population ?? {};
  const counts = versions?.[step.component] ?? {};
  return (
    Object.keys(counts).length > 0 && !(step.version in counts) && (unknown?.[step.component] ?? 0) === 0
  );
}

function shareOf(state: RolloutState, step: FirmwareStep): number | null {
  const { component, staged, version } = step;
  if (kindOf(state.config, component) === "service") return state.deployed[component] === version ? 100 : 0;
  if (staged) {
    const count = state.population?.staging?.[stepName(step)];
    return count && count.devices > 0 ? (1 - count.without / count.devices) * 100 : null;
  }
  const counts = state.population?.versions[component];
  if (!counts) return null;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : ((counts[version] ?? 0) / total) * 100;
}
