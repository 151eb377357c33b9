import type { Gate, Stage } from "../../manifest/release.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import { devicesNeededToPass, sequentialTest } from "./sequential-test.ts";
import type { RolloutState } from "./state.ts";

export type GateVerdict = "pass" | "fail" | "inconclusive" | "not-applicable";

export interface GateStatus {
  readonly name: string;
  readonly verdict: GateVerdict;
  /** Devices that count, and how many of them count as failures. */
  readonly devices: number;
  readonly failures: number;
  readonly limitPercent: number;
  /** How many good devices it takes to pass when none fails. */
  readonly devicesNeeded: number;
}

/** The gates that the current stage needs to end, judged on every device of the rollout so far. */
export function judgeGates(state: RolloutState): GateStatus[] {
  const stage = currentStage(state);
  return (stage?.gates ?? []).map((name) => judgeGate(name, state));
}

/** The gates of every stage that has begun: a stage that is over is still watched. */
export function gatesInForce(state: RolloutState): GateStatus[] {
  const stages = state.config.stages.slice(0, stagesBegun(state));
  return [...new Set(stages.flatMap(({ gates }) => gates))].map((name) => judgeGate(name, state));
}

function currentStage(state: RolloutState): Stage | undefined {
  const waves = phasesOf(state.config)[state.phaseIndex]?.waves;
  return state.config.stages[waves?.[state.waveIndex]?.stageIndex ?? -1];
}

function stagesBegun(state: RolloutState): number {
  if (state.phaseIndex > 0) return state.config.stages.length;
  const entered = state.waveEntered ? state.waveIndex : state.waveIndex - 1;
  const wave = phasesOf(state.config)[0]?.waves[entered];
  return wave ? wave.stageIndex + 1 : 0;
}

/** One gate by name. A gate that is not defined is inconclusive: it never ships. */
export function judgeGate(name: string, state: RolloutState): GateStatus {
  const gate = state.config.gates[name];
  if (!gate) {
    return {
      name,
      verdict: "inconclusive",
      devices: 0,
      failures: 0,
      limitPercent: 0,
      devicesNeeded: Infinity,
    };
  }
  const { devices, failures } = countDevices(gate, state);
  const limit = gate.limitPercent / 100;
  const test = sequentialTest(failures, devices, limit, gate.alpha);
  const verdict = test === "hold" ? "inconclusive" : test;
  return {
    name,
    verdict: firmwareHasMoved(state) ? verdict : "not-applicable",
    devices,
    failures,
    limitPercent: gate.limitPercent,
    devicesNeeded: devicesNeededToPass(limit, gate.alpha),
  };
}

/** Device gates have a say from the phase on in which the first firmware is introduced. */
function firmwareHasMoved({ config, phaseIndex }: RolloutState): boolean {
  return phasesOf(config)
    .slice(0, phaseIndex + 1)
    .some((phase) => phase.introductions.some((step) => kindOf(config, step.component) === "firmware"));
}

function countDevices(gate: Gate, state: RolloutState): { devices: number; failures: number } {
  let devices = 0;
  let failures = 0;
  for (const progress of Object.values(state.devices)) {
    switch (gate.measure) {
      case "update-failure":
        if (progress.status !== "updated" && progress.status !== "failed") continue;
        devices++;
        if (progress.status === "failed") failures++;
        break;
      case "silent-after-update":
        if (progress.status !== "updated" || !(progress.heard || progress.silent)) continue;
        devices++;
        if (progress.silent) failures++;
        break;
    }
  }
  return { devices, failures };
}
