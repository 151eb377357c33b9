import type { RolloutEvent } from "../../../../src/rollout/engine/events.ts";
import type { GateStatus } from "../../../../src/rollout/engine/gates.ts";
import type { MetricRecord, RolloutState } from "../../../../src/rollout/engine/state.ts";
import type { Tally } from "../../../../src/rollout/engine/tally.ts";
import { type Mutants, replace, together, withArguments, wrap } from "./mutant.ts";

const gates = "rollout/engine/gates.ts";
const tallyModule = "rollout/engine/tally.ts";
const metricGates = "rollout/engine/metric-gates.ts";
const noGates = (when: (state: RolloutState) => boolean) =>
  wrap(gates, "gatesInForce", (judged: GateStatus[], [state]: [RolloutState]) => (when(state) ? [] : judged));

/** Gates that let through what they should not, or stop looking. */
export const gateMutants: Mutants = {
  "an undecided gate counts as passed": wrap(
    "rollout/engine/sequential-test.ts",
    "sequentialTest",
    (verdict: string) => (verdict === "hold" ? "pass" : verdict),
  ),
  "a failed gate counts as undecided": wrap(
    "rollout/engine/sequential-test.ts",
    "sequentialTest",
    (verdict: string) => (verdict === "fail" ? "hold" : verdict),
  ),
  "a limit that is no number is never exceeded": replace(
    "rollout/engine/sequential-test.ts",
    "sequentialTest",
    (original) =>
      (...args: unknown[]) =>
        Number(args[2]) > 0 ? original(...args) : "pass",
  ),
  "a gate that nobody defined does not count": withArguments(
    gates,
    "gatesAreOpen",
    ([state, tally]: [RolloutState, unknown]) => {
      const stages = state.config.stages.map((stage) => ({
        ...stage,
        gates: stage.gates.filter((name) => Object.hasOwn(state.config.gates, name)),
      }));
      return [{ ...state, config: { ...state.config, stages } }, tally];
    },
  ),
  "who was not heard of yet counts as good": together(
    wrap(tallyModule, "tallyOf", allHeard),
    wrap(tallyModule, "tallyFrom", allHeard),
  ),
  "what is no number counts as a good one": wrap(
    metricGates,
    "recordReading",
    (record: MetricRecord, [, before]: [never, MetricRecord | undefined]) =>
      record.last.value === null ? { ...record, good: (before?.good ?? 0) + 1 } : record,
  ),
  "no data leaves a row of good readings as it was": wrap(
    metricGates,
    "recordReading",
    (record: MetricRecord, [, before]: [never, MetricRecord | undefined]) =>
      record.last.value === null ? { ...record, good: before?.good ?? 0 } : record,
  ),
  "counts that nobody knows pass": wrap(metricGates, "countVerdict", (verdict: string) =>
    verdict === "inconclusive" ? "pass" : verdict,
  ),
  "bad readings are forgiven": wrap(metricGates, "metricVerdict", (verdict: string) =>
    verdict === "fail" ? "inconclusive" : verdict,
  ),
  "bad counts are forgiven": wrap(metricGates, "countVerdict", (verdict: string) =>
    verdict === "fail" ? "inconclusive" : verdict,
  ),
  "metrics are asked once and then believed for ever": wrap(
    "rollout/measure-gates.ts",
    "measureGates",
    async (readings: Promise<object>, [state]: [RolloutState]) =>
      Object.fromEntries(
        Object.entries(await readings).filter(([name]) => !Object.hasOwn(state.metrics, name)),
      ),
  ),
  "no data never fails": replace(gates, "overdueGates", () => () => []),
  "no data fails only while a wave is under way": wrap(
    gates,
    "overdueGates",
    (overdue: string[], [state]: [RolloutState]) => (state.waveEntered ? overdue : state.overdue),
  ),
  "a dry run stops the rollout": wrap(gates, "gatesInForce", (judged: GateStatus[]) =>
    judged.map((status) => ({ ...status, dryRun: undefined })),
  ),
  "waiting for people disarms the gates": noGates(
    ({ waveEntered, waveIndex }) => !waveEntered && waveIndex > 0,
  ),
  "a pause disarms the gates": noGates(({ status }) => status === "paused"),
  "baking disarms the gates": noGates(({ waveEntered }) => waveEntered),
  "gates look at the wave that is under way alone": wrap(
    gates,
    "gatesInForce",
    (judged: GateStatus[], [state]: [RolloutState]) => {
      const stage = state.config.stages[state.waveIndex];
      return judged.filter(({ name }) => stage?.gates.includes(name));
    },
  ),
  "what was good before a wave began counts in it": replace(
    metricGates,
    "forNewWave",
    () => (metrics: object) => metrics,
  ),
  "who comes late is served though a gate fails": wrap(
    gates,
    "gatesAreOpen",
    (open: boolean, [state]: [RolloutState]) => open || state.status === "completed",
  ),
  "a wave that was offered to nobody is over": wrap(
    "rollout/engine/apply-observed.ts",
    "applyObserved",
    (state: RolloutState, [, event]: [never, RolloutEvent]) =>
      event.type === "observed" && state.waveEntered ? { ...state, waveSurveyed: true } : state,
  ),
};

function allHeard({ steps, ...counts }: Tally): Tally {
  const heard = Object.entries(steps).map(([name, step]) => [name, { ...step, unheard: 0 }]);
  return { ...counts, steps: Object.fromEntries(heard) as Tally["steps"] };
}
