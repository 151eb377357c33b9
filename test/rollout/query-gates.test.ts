import { expect, it } from "vitest";
import { metricGatesInForce, overdueGates } from "../../src/rollout/engine/gates.ts";
import { recordReading } from "../../src/rollout/engine/metric-gates.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import { fanConfig, planOf, stage, started, wave } from "../support/fan-rollout.ts";

const gate = {
  measure: "metric",
  query: 'rpm{version=~"$versions"}',
  component: "fan",
  bound: { kind: "max", value: 1 },
  everyMs: 1000,
  readings: 1,
  deadlineMs: 1000,
} as const;

it.each([
  ["introduce fan 2.0.0", ["rpm"]],
  ["stage fan 2.0.0", []],
  ["introduce fan 1.9.4", []],
  ["introduce cloud 5.2.0", []],
] as const)("a gate by a query has a say from the released version on: %s", (step, names) => {
  const stages = [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 0)], gates: ["rpm"] })];
  const state = started(fanConfig({ stages, gates: { rpm: gate }, plan: planOf(step) }));
  expect(metricGatesInForce(state).map(([name]) => name)).toEqual(names);
});

it("metrics that fall silent while a wave waits for people are overdue all the same", () => {
  const stages = [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 0)], gates: ["rpm"] })];
  const gates = { rpm: { ...gate, noData: "fail" as const } };
  const begun = started(fanConfig({ stages, gates, plan: planOf("introduce fan 2.0.0") }));
  const waits = { ...begun, waveIndex: 1, waveEntered: false };
  expect(overdueGates(waits, tallyOf(waits), begun.startedAtMs + 1000)).toEqual([]);
  expect(overdueGates(waits, tallyOf(waits), begun.startedAtMs + 1001)).toEqual(["rpm"]);
});

it("what was seen of those not updated yet is remembered over a question without an answer", () => {
  const comparing = { ...gate, bound: { kind: "max-increase" as const, value: 20 } };
  const first = recordReading(comparing, undefined, { atMs: 1, value: 5, against: 5, problem: null });
  const failed = recordReading(comparing, first, { atMs: 2, value: 5, against: null, problem: "away" });
  expect(failed).toMatchObject({ good: 0, dataAtMs: 1 });
  const alone = recordReading(comparing, failed, { atMs: 3, value: 5, against: null, problem: null });
  expect(alone).toMatchObject({ good: 1, against: 5, dataAtMs: 3 });
});
