import type { DeviceSelection } from "../../manifest/release.ts";
import { formatTimeWindow } from "../../manifest/time-window.ts";
import { type ApprovalsView, viewApprovals } from "./describe-approvals.ts";
import { isTakenBack } from "./describe-way-back.ts";
import { phasesOf } from "./release-kinds.ts";
import type { Phase, ScheduledWave } from "./schedule.ts";
import { hasEnded, type RolloutState } from "./state.ts";

/** `stopped`: here the rollout ended before its goal, or turned round; `taken back`: it was done before that. */
export type Standing = "done" | "under way" | "stopped" | "taken back" | "next";

/** Steps that go through the stages together. */
export interface PhaseView {
  readonly state: Standing;
  /** Ids of the steps before it that have to be over: versions that leave the field, images that lie ready. */
  readonly after: readonly string[];
  /** Ids of its own steps. */
  readonly steps: readonly string[];
  readonly stages: readonly StageView[];
}

export interface StageView {
  readonly name: string;
  readonly state: Standing;
  /** Null where nobody is asked. */
  readonly approvals: ApprovalsView | null;
  /** As they are written in release.yaml; empty: at any time. */
  readonly windows: readonly string[];
  readonly waves: readonly WaveView[];
}

export interface WaveView {
  /** `canary`, `fleet 50%` */
  readonly name: string;
  /** `waiting`: its turn has come, and something keeps it from beginning. */
  readonly state: Standing | "waiting";
  /** `50%`, `ring=canary, at most 50` */
  readonly devices: string;
  readonly appsPercent: number;
  /** Of the wave that began last; null for others. */
  readonly startedAtMs: number | null;
  /** Until when that wave is watched at least; null for others, and when somebody ended it. */
  readonly bakesUntilMs: number | null;
}

/** The plan as a tree: phases, their stages, their waves. */
export function viewPhases(state: RolloutState): PhaseView[] {
  return phasesOf(state.config).map((phase, phaseIndex) => ({
    state: standing(state, phase, phaseIndex - state.phaseIndex),
    after: [...phase.after, ...phase.afterStaging].map(({ id }) => id),
    steps: phase.introductions.map(({ id }) => id),
    stages: viewStages(state, phase, phaseIndex),
  }));
}

/** By how far ahead of the rollout something is. */
function standing(state: RolloutState, phase: Phase, ahead: number): Standing {
  const { status } = state;
  if (ahead > 0) return "next";
  if (ahead < 0) {
    return phase.introductions.some((step) => isTakenBack(state, step)) ? "taken back" : "done";
  }
  const isStopped = status === "rolling-back" || (hasEnded(status) && status !== "completed");
  return isStopped ? "stopped" : "under way";
}

function viewStages(state: RolloutState, phase: Phase, phaseIndex: number): StageView[] {
  const views = phase.waves.map((wave, index): [number, WaveView] => {
    const ahead = phaseIndex - state.phaseIndex || index - state.waveIndex;
    return [wave.stageIndex, viewWave(state, phase, wave, ahead)];
  });
  return [...Map.groupBy(views, ([stageIndex]) => stageIndex)].map(([stageIndex, group]): StageView => {
    const waves = group.map(([, wave]) => wave);
    const stage = state.config.stages[stageIndex];
    return {
      name: stage?.name ?? "",
      state: summary(waves),
      approvals: viewApprovals(state, stageIndex),
      windows: (stage?.windows ?? []).map(formatTimeWindow),
      waves,
    };
  });
}

function viewWave(
  state: RolloutState,
  phase: Phase,
  { name, stageIndex, waveIndex }: ScheduledWave,
  ahead: number,
): WaveView {
  const stage = state.config.stages[stageIndex];
  const wave = stage?.waves[waveIndex];
  const here = standing(state, phase, ahead);
  const hasBegun = ahead === 0 && state.waveEntered;
  return {
    name,
    state: here === "under way" && !hasBegun ? "waiting" : here,
    devices: wave ? selectionText(wave.devices) : "",
    appsPercent: wave?.appsPercent ?? 0,
    startedAtMs: hasBegun ? state.waveStartedAtMs : null,
    bakesUntilMs: hasBegun ? bakesUntil(state, stage?.bakeMs ?? 0) : null,
  };
}

/** Until when the wave is watched at least; null before its devices had their turn, and when somebody ended it. */
export function bakesUntil(state: RolloutState, bakeMs: number): number | null {
  const { bakeSkipped, config, waveStartedAtMs, waveSurveyed } = state;
  const isOffered = waveSurveyed || config.rulesVersion < 3;
  return bakeSkipped || !isOffered ? null : waveStartedAtMs + bakeMs;
}

function summary(waves: readonly WaveView[]): Standing {
  if (waves.some(({ state }) => state === "stopped")) return "stopped";
  if (waves.every(({ state }) => state === "done")) return "done";
  if (waves.every(({ state }) => state === "taken back")) return "taken back";
  return waves.every(({ state }) => state === "next") ? "next" : "under way";
}

/** `50%`, `ring=canary, at most 50` */
function selectionText(selection: DeviceSelection): string {
  if (selection.kind === "percent") return `${selection.percent}%`;
  const { label, max, value } = selection;
  return `${label}=${value}${max === null ? "" : `, at most ${max}`}`;
}
