import type { RolloutConfig } from "./state.ts";
import { type Phase, schedulePhases } from "./schedule.ts";

/** What kind of component the release says it is; a name it does not know is a service. */
export function kindOf(config: RolloutConfig, component: string): "app" | "firmware" | "service" {
  return config.resolved.components[component]?.kind ?? "service";
}

/** The phases of a rollout's plan. */
export function phasesOf(config: RolloutConfig): readonly Phase[] {
  return schedulePhases(config.plan, config.stages, (component) => kindOf(config, component));
}

/** Hardware models that a component's target version has an image for. */
export function hardwareOf(config: RolloutConfig, component: string): readonly string[] {
  return (config.resolved.components[component]?.artifacts ?? []).flatMap(({ hardware }) => hardware ?? []);
}
