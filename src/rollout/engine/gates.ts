import type { Gate } from "../../manifest/release.ts";
import { type FirmwareStep, stepName } from "./firmware-step.ts";
import { introductionsBegun, kindOf, lastWave } from "./release-kinds.ts";
import { sequentialTest } from "./sequential-test.ts";
import type { RolloutState } from "./state.ts";
import { nobody, type Tally } from "./tally.ts";

export type GateVerdict = "pass" | "fail" | "inconclusive" | "not-applicable";

export interface GateStatus {
  readonly name: string;
  /** The firmware whose devices are judged; null while there is none. */
  readonly component: string | null;
  readonly version: string | null;
  readonly verdict: GateVerdict;
  /** Devices that count, and how many of them count as failures. */
  readonly devices: number;
  readonly failures: number;
  /** Updated devices that may still turn out as failures: they do not count yet, and they hold a pass back. */
  readonly undecided: number;
  readonly limitPercent: number;
}

/**
 * The gates that stand between the last wave that was entered and the next. Each firmware step is
 * judged by itself, for the good devices of one prove nothing about another.
 */
export function judgeGates(state: RolloutState, tally: Tally): GateStatus[] {
  const stage = state.config.stages[lastWave(state)?.stageIndex ?? -1];
  return (stage?.gates ?? []).flatMap((name) => judgeGate(name, state, tally));
}

/** The gates of every stage that has begun: a stage that is over is still watched. */
export function gatesInForce(state: RolloutState, tally: Tally): GateStatus[] {
  const stages = state.config.stages.slice(0, stagesBegun(state));
  return [...new Set(stages.flatMap(({ gates }) => gates))].flatMap((name) => judgeGate(name, state, tally));
}

/** Whether nothing that was measured stands against the next wave. */
export function gatesAreOpen(state: RolloutState, tally: Tally): boolean {
  return judgeGates(state, tally).every(({ verdict }) => verdict === "pass" || verdict === "not-applicable");
}

function stagesBegun(state: RolloutState): number {
  if (state.phaseIndex > 0) return state.config.stages.length;
  const wave = lastWave(state);
  return wave ? wave.stageIndex + 1 : 0;
}

/** One gate by name, for each firmware that has moved. A gate that is not defined is inconclusive: it never ships. */
function judgeGate(name: string, state: RolloutState, tally: Tally): GateStatus[] {
  const gate = state.config.gates[name];
  const steps = firmwareMoved(state);
  if (!gate) return [judgement(name, null, "inconclusive")];
  if (steps.length === 0) return [judgement(name, gate, "not-applicable")];
  return steps.map((step) => {
    const counts = countDevices(gate, step, tally);
    const verdict = verdictFor(step, gate, counts, state);
    const { component, version } = step;
    return { ...judgement(name, gate, verdict), component, version, ...counts };
  });
}

/**
 * What is to be proved is the version of the release. A version on the way to it was released before,
 * and often few devices take it: it can fail, but nobody waits for it to pass. A device that only
 * keeps an image ready runs what it ran, so its silence says nothing.
 */
function verdictFor(
  { component, staged, version }: FirmwareStep,
  gate: Gate,
  counts: Counts,
  { config }: RolloutState,
): GateVerdict {
  if (staged && gate.measure === "silent-after-update") return "not-applicable";
  const verdict = verdictOf(gate, counts);
  const isHop = version !== config.resolved.components[component]?.version;
  return isHop && verdict === "inconclusive" ? "not-applicable" : verdict;
}

function judgement(name: string, gate: Gate | null, verdict: GateVerdict): GateStatus {
  return {
    name,
    component: null,
    version: null,
    verdict,
    devices: 0,
    failures: 0,
    undecided: 0,
    limitPercent: gate?.limitPercent ?? 0,
  };
}

/** Good devices speak up sooner than silent ones can be counted, so until then these count against a pass. */
function verdictOf({ alpha, limitPercent }: Gate, { devices, failures, undecided }: Counts): GateVerdict {
  const limit = limitPercent / 100;
  const verdict = sequentialTest(failures, devices, limit, alpha);
  if (verdict !== "pass") return verdict === "hold" ? "inconclusive" : verdict;
  if (undecided === 0) return "pass";
  const atWorst = sequentialTest(failures + undecided, devices + undecided, limit, alpha);
  return atWorst === "pass" ? "pass" : "inconclusive";
}

/** Gates have a say about a firmware from its introduction on, if anybody is there who may take it. */
function firmwareMoved(state: RolloutState): readonly FirmwareStep[] {
  const { config } = state;
  return introductionsBegun(state)
    .filter(({ component }) => kindOf(config, component) === "firmware")
    .filter(({ component }) => (config.plan.field[component] ?? []).length > 0);
}

interface Counts {
  readonly devices: number;
  readonly failures: number;
  readonly undecided: number;
}

function countDevices(gate: Gate, step: FirmwareStep, { steps }: Tally): Counts {
  const { failed, silent, unheard, updated } = steps[stepName(step)] ?? nobody;
  switch (gate.measure) {
    case "update-failure":
      return { devices: updated + failed, failures: failed, undecided: 0 };
    case "silent-after-update":
      return { devices: updated - unheard, failures: silent, undecided: unheard };
  }
}
