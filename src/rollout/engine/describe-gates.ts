import type { Gate, MetricBound } from "../../manifest/release.ts";
import { gateNamed } from "./gate-named.ts";
import { type GateStatus, gatesInForce, judgeGates, type MetricStatus } from "./gates.ts";
import { goodDevicesToPass } from "./sequential-test.ts";
import { hasEnded, type MetricRecord, type RolloutState } from "./state.ts";
import type { Tally } from "./tally.ts";

/** A gate as people and `--json` see it. */
export interface GateView extends GateStatus {
  /** Null for a gate that is not defined. */
  readonly measure: Gate["measure"] | null;
  /** How many devices (of a gate that counts by queries: of what they count) it takes to pass if no further one fails; null where it does not count, or none are enough. */
  readonly devicesNeeded: number | null;
  /** How many of these are missing; all of them have to be good. */
  readonly moreNeeded: number | null;
  /** What its queries said so far; null before the first time, and for a gate over devices. */
  readonly record: MetricRecord | null;
}

/** The gates that are looked at now: those before the next wave, and of a rollout that stopped all that watched it. */
export function viewGates(state: RolloutState, tally: Tally): GateView[] {
  const isOver = hasEnded(state.status) || state.status === "rolling-back";
  const judged = isOver ? gatesInForce(state, tally) : judgeGates(state, tally);
  return judged.map((status) => viewGate(status, state));
}

/** A gate with what it takes to pass. */
export function viewGate(status: GateStatus, { config, metrics }: RolloutState): GateView {
  const gate = gateNamed(config, status.name);
  const needed = neededBy(status, gate);
  return {
    ...status,
    measure: gate?.measure ?? null,
    devicesNeeded: needed,
    moreNeeded: needed === null ? null : Math.max(0, Math.ceil(needed - status.devices)),
    record: Object.hasOwn(metrics, status.name) ? (metrics[status.name] ?? null) : null,
  };
}

function neededBy({ failures }: GateStatus, gate: Gate | undefined): number | null {
  if (!gate || gate.measure === "metric") return null;
  const needed = failures + goodDevicesToPass(failures, failures, gate.limitPercent / 100, gate.alpha);
  return Number.isFinite(needed) ? needed : null;
}

/** What a gate rests on: `7 of 7 devices good, 2 not heard of yet, 10 more needed`. */
export function gateNumbers(gate: GateView): string {
  const { devices, failures, measure, metric, moreNeeded, noData, record, undecided, verdict } = gate;
  if (measure === null) return "it is not defined";
  if (noData) return "nothing to judge by until its deadline";
  if (record && record.last.problem !== null) return `no data (${withoutStop(record.last.problem)})`;
  if (metric) return metricNumbers(metric);
  if (measure === "count" && !record) return "nothing counted yet";
  const open = undecided > 0 ? `, ${undecided} not heard of yet` : "";
  const isOld = measure === "count" && verdict === "inconclusive" && record?.good === 0;
  const isShort = verdict === "inconclusive" && moreNeeded !== null && moreNeeded > 0;
  const need = isShort ? `, ${moreNeeded} more needed${failures > 0 ? " if no other fails" : ""}` : "";
  const what = measure === "count" ? "counted" : "devices";
  return `${short(devices - failures)} of ${short(devices)} ${what} good${open}${need}${isOld ? ", counted before this wave" : ""}`;
}

function metricNumbers({ bound, readings, record }: MetricStatus): string {
  if (!record) return `nothing measured yet, ${boundWords(bound)}`;
  const { bad, good, last } = record;
  const value = last.value === null ? "no data" : short(last.value);
  const isCompared = bound.kind === "max-increase" || bound.kind === "max-decrease";
  const against =
    isCompared && record.against !== null ? ` against ${short(record.against)} of the others` : "";
  const inRow = (count: number): string => `${Math.min(count, readings)} of ${readings}`;
  const row = bad > 0 ? `${inRow(bad)} bad in a row` : `${inRow(good)} good in a row`;
  return `${value}${against}, ${boundWords(bound)}, ${row}`;
}

/** A sentence of its own inside another one. */
function withoutStop(problem: string): string {
  return problem.replace(/\.$/, "");
}

function boundWords({ kind, value }: MetricBound): string {
  switch (kind) {
    case "max":
      return `at most ${short(value)}`;
    case "min":
      return `at least ${short(value)}`;
    case "max-increase":
      return `at most ${short(value)}% more`;
    case "max-decrease":
      return `at most ${short(value)}% less`;
  }
}

/** Four digits say enough of what was measured. */
function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
