import type { PlanStep } from "../../planner/plan.ts";
import type { RolloutConfig, RolloutState } from "./state.ts";
import { type Phase, schedulePhases, type ScheduledWave } from "./schedule.ts";

/** What kind of component the release says it is; a name it does not know is a service. */
export function kindOf(config: RolloutConfig, component: string): "app" | "firmware" | "service" {
  return config.resolved.components[component]?.kind ?? "service";
}

/** The phases of a rollout's plan. They are asked for several times with each event, and never change. */
export function phasesOf(config: RolloutConfig): readonly Phase[] {
  const { plan, rulesVersion, stages } = config;
  const known = phasesByConfig.get(config);
  if (known) return known;
  const phases = schedulePhases(plan, stages, (component) => kindOf(config, component), rulesVersion);
  phasesByConfig.set(config, phases);
  return phases;
}

/** A memory of what follows from a value that never changes; it lives as long as the value. */
const phasesByConfig = new WeakMap<RolloutConfig, readonly Phase[]>();

/** What has been introduced so far, whether or not it was confirmed. */
export function introductionsBegun(state: RolloutState): readonly PlanStep[] {
  return phasesBegun(state).flatMap((phase) => phase.introductions);
}

/** What has left the field so far, as the plan waited for it. */
export function retirementsPassed(state: RolloutState): readonly PlanStep[] {
  return phasesBegun(state).flatMap((phase) => phase.after);
}

export function phasesBegun({ config, phaseIndex, waveEntered, waveIndex }: RolloutState): readonly Phase[] {
  return phasesOf(config).slice(0, waveEntered || waveIndex > 0 ? phaseIndex + 1 : phaseIndex);
}

/** The wave that was entered last; undefined before the first. */
export function lastWave({
  config,
  phaseIndex,
  waveEntered,
  waveIndex,
}: RolloutState): ScheduledWave | undefined {
  const phases = phasesOf(config);
  const entered = waveEntered ? waveIndex : waveIndex - 1;
  return entered >= 0 ? phases[phaseIndex]?.waves[entered] : phases[phaseIndex - 1]?.waves.at(-1);
}
