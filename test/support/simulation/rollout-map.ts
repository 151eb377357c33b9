import type { Stage, Wave } from "../../../src/manifest/release.ts";
import type { PlanStep } from "../../../src/planner/plan.ts";
import { schedulePhases } from "../../../src/rollout/engine/schedule.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import type { ModelConfig } from "./settings.ts";

export interface MappedPhase {
  readonly after: readonly PlanStep[];
  readonly introductions: readonly PlanStep[];
  readonly apps: readonly PlanStep[];
  readonly firmware: readonly PlanStep[];
}

export interface MappedWave {
  readonly name: string;
  readonly phaseIndex: number;
  readonly stageIndex: number;
  readonly stage: Stage;
  readonly selection: Wave["devices"];
  readonly firmware: readonly PlanStep[];
}

/** The way that a rollout has before it: its phases, and all waves in a row. */
export class RolloutMap {
  readonly phases: readonly MappedPhase[];
  readonly waves: readonly MappedWave[];

  constructor({ plan, resolved, stages }: ModelConfig) {
    const kindOf = (component: string): "app" | "firmware" | "service" =>
      resolved.components[component]?.kind ?? "service";
    const phases = schedulePhases(plan, stages, kindOf);
    this.phases = phases.map(({ after, introductions }) => ({
      after,
      introductions,
      apps: introductions.filter(({ component }) => kindOf(component) === "app"),
      firmware: introductions.filter(({ component }) => kindOf(component) === "firmware"),
    }));
    this.waves = phases.flatMap((phase, phaseIndex) =>
      phase.waves.flatMap(({ name, stageIndex, waveIndex }) => {
        const stage = stages[stageIndex];
        const wave = stage?.waves[waveIndex];
        const firmware = this.phases[phaseIndex]?.firmware ?? [];
        return stage && wave
          ? [{ name, phaseIndex, stageIndex, stage, selection: wave.devices, firmware }]
          : [];
      }),
    );
  }

  /** How many waves were entered, over all phases. */
  entered({ phaseIndex, waveEntered, waveIndex }: RolloutState): number {
    const earlier = this.waves.findIndex((wave) => wave.phaseIndex >= phaseIndex);
    return (earlier < 0 ? this.waves.length : earlier) + waveIndex + (waveEntered ? 1 : 0);
  }

  /** The phases that have begun when so many waves were entered. */
  phasesBegun(entered: number): readonly MappedPhase[] {
    const last = this.waves[entered - 1];
    return last ? this.phases.slice(0, last.phaseIndex + 1) : [];
  }
}
