import type { CountGate, DeviceGate, Gate, MetricBound, MetricGate } from "../../manifest/release.ts";
import { type FirmwareStep, stepName } from "./firmware-step.ts";
import { gateNamed } from "./gate-named.ts";
import { countVerdict, metricVerdict } from "./metric-gates.ts";
import { introductionsBegun, kindOf, lastWave } from "./release-kinds.ts";
import { sequentialTest } from "./sequential-test.ts";
import type { MetricRecord, RolloutState } from "./state.ts";
import { nobody, type Tally } from "./tally.ts";

export type GateVerdict = "pass" | "fail" | "inconclusive" | "not-applicable";

export interface GateStatus {
  readonly name: string;
  /** What is judged: the firmware whose devices count, the component whose versions a query names; null while there is none. */
  readonly component: string | null;
  readonly version: string | null;
  readonly verdict: GateVerdict;
  /** It moves nothing, whatever it says. */
  readonly dryRun?: true;
  /** It fails because it had nothing to judge by for longer than its deadline. */
  readonly noData?: true;
  /** Devices that count, and how many of them count as failures; of a gate that counts by queries what they said. */
  readonly devices: number;
  readonly failures: number;
  /** Updated devices that may still turn out as failures: they do not count yet, and they hold a pass back. */
  readonly undecided: number;
  readonly limitPercent: number;
  /** Of a gate that is measured. */
  readonly metric?: MetricStatus;
}

export interface MetricStatus {
  readonly bound: MetricBound;
  /** How many readings in a row decide. */
  readonly readings: number;
  /** Null before the first reading. */
  readonly record: MetricRecord | null;
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
  return gateNamesInForce(state).flatMap((name) => judgeGate(name, state, tally));
}

/** Whether nothing that was measured stands against the next wave. */
export function gatesAreOpen(state: RolloutState, tally: Tally): boolean {
  return judgeGates(state, tally).every(
    ({ dryRun, verdict }) => dryRun || verdict === "pass" || verdict === "not-applicable",
  );
}

/** The gates in force that have to be asked for by a query now: what they are about has been introduced. */
export function metricGatesInForce(state: RolloutState): [name: string, gate: MetricGate | CountGate][] {
  return gateNamesInForce(state).flatMap((name): [string, MetricGate | CountGate][] => {
    const gate = gateNamed(state.config, name);
    return gate && isQueried(gate) && applies(gate, state) ? [[name, gate]] : [];
  });
}

/**
 * Gates that fail where they have had nothing to judge by since their deadline, and have not. The
 * clock starts anew with each wave. Metrics are watched between two waves, too; devices stand still there.
 */
export function overdueGates(state: RolloutState, tally: Tally, nowMs: number): string[] {
  return gateNamesInForce(state).filter((name) => {
    const gate = gateNamed(state.config, name);
    if (gate?.noData !== "fail") return false;
    if (isQueried(gate)) {
      const sinceMs = Math.max(state.metrics[name]?.dataAtMs ?? 0, state.waveStartedAtMs);
      return applies(gate, state) && nowMs - sinceMs > gate.deadlineMs;
    }
    if (!state.waveEntered) return state.overdue.includes(name);
    const judged = judgeDevices(name, gate, state, tally).filter(
      ({ verdict }) => verdict !== "not-applicable",
    );
    const hasNone = judged.some(({ devices, undecided }) => devices + undecided === 0);
    return hasNone && nowMs - state.waveStartedAtMs > gate.deadlineMs;
  });
}

function gateNamesInForce(state: RolloutState): string[] {
  const begun = state.phaseIndex > 0 ? state.config.stages.length : (lastWave(state)?.stageIndex ?? -1) + 1;
  return [...new Set(state.config.stages.slice(0, begun).flatMap(({ gates }) => gates))];
}

/** One gate by name. A gate that is not defined is inconclusive: it never ships. */
function judgeGate(name: string, state: RolloutState, tally: Tally): GateStatus[] {
  const gate = gateNamed(state.config, name);
  if (!gate) return [judgement(name, null, "inconclusive")];
  const judged = isQueried(gate) ? [judgeQuery(name, gate, state)] : judgeDevices(name, gate, state, tally);
  if (!state.overdue.includes(name)) return judged;
  return judged.map((status) =>
    status.verdict === "inconclusive" ? { ...status, verdict: "fail", noData: true } : status,
  );
}

/** For each firmware that has moved. */
function judgeDevices(name: string, gate: DeviceGate, state: RolloutState, tally: Tally): GateStatus[] {
  const steps = firmwareMoved(state, tally);
  if (steps.length === 0) return [judgement(name, gate, "not-applicable")];
  return steps.map((step) => {
    const counts = countDevices(gate, step, tally);
    const verdict = verdictFor(step, gate, counts, state);
    const { component, version } = step;
    return { ...judgement(name, gate, verdict), component, version, ...counts };
  });
}

function judgeQuery(name: string, gate: MetricGate | CountGate, state: RolloutState): GateStatus {
  const { component } = gate;
  const version = component === null ? null : (state.config.resolved.components[component]?.version ?? null);
  if (!applies(gate, state)) return { ...judgement(name, gate, "not-applicable"), component, version };
  const record = state.metrics[name];
  if (gate.measure === "count") {
    const devices = record?.last.against ?? 0;
    const failures = record?.last.value ?? 0;
    return { ...judgement(name, gate, countVerdict(gate, record)), component, version, devices, failures };
  }
  const { bound, readings } = gate;
  return {
    ...judgement(name, gate, metricVerdict(gate, record)),
    component,
    version,
    metric: { bound, readings, record: record ?? null },
  };
}

/** Whether what a query is about has begun: the version of the release, and not only to lie ready. */
function applies({ component }: MetricGate | CountGate, state: RolloutState): boolean {
  const begun = introductionsBegun(state);
  if (component === null) return begun.length > 0;
  const released = state.config.resolved.components[component]?.version;
  return begun.some((step) => step.component === component && step.version === released && !step.staged);
}

function isQueried(gate: Gate): gate is MetricGate | CountGate {
  return gate.measure === "metric" || gate.measure === "count";
}

/**
 * What is to be proved is the version of the release. A version on the way to it was released before,
 * and often few devices take it: it can fail, but nobody waits for it to pass. A device that only
 * keeps an image ready runs what it ran, so its silence says nothing.
 */
function verdictFor(
  { component, staged, version }: FirmwareStep,
  gate: DeviceGate,
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
    ...(gate?.dryRun && { dryRun: true }),
    devices: 0,
    failures: 0,
    undecided: 0,
    limitPercent: gate && gate.measure !== "metric" ? gate.limitPercent : 0,
  };
}

/** Good devices speak up sooner than silent ones can be counted, so until then these count against a pass. */
function verdictOf(
  { alpha, limitPercent }: DeviceGate,
  { devices, failures, undecided }: Counts,
): GateVerdict {
  const limit = limitPercent / 100;
  const verdict = sequentialTest(failures, devices, limit, alpha);
  if (verdict !== "pass") return verdict === "hold" ? "inconclusive" : verdict;
  if (undecided === 0) return "pass";
  const atWorst = sequentialTest(failures + undecided, devices + undecided, limit, alpha);
  return atWorst === "pass" ? "pass" : "inconclusive";
}

/** Gates have a say about a firmware from its introduction on, if anybody is there who may take it, or has. */
function firmwareMoved(state: RolloutState, tally: Tally): readonly FirmwareStep[] {
  const { config, population } = state;
  return introductionsBegun(state)
    .filter(({ component }) => kindOf(config, component) === "firmware")
    .filter((step) => {
      if ((config.plan.field[step.component] ?? []).length > 0) return true;
      // By the rules before, the field was who had been there when the rollout was planned.
      if (config.rulesVersion < 3) return false;
      const seen = Object.keys(population?.versions[step.component] ?? {}).length > 0;
      const unknown = (population?.unknown?.[step.component] ?? 0) > 0;
      return seen || unknown || Object.hasOwn(tally.steps, stepName(step));
    });
}

interface Counts {
  readonly devices: number;
  readonly failures: number;
  readonly undecided: number;
}

function countDevices(gate: DeviceGate, step: FirmwareStep, { steps }: Tally): Counts {
  const { failed, silent, unheard, updated } = steps[stepName(step)] ?? nobody;
  switch (gate.measure) {
    case "update-failure":
      return { devices: updated + failed, failures: failed, undecided: 0 };
    case "silent-after-update":
      return { devices: updated - unheard, failures: silent, undecided: unheard };
  }
}
