import { describe, expect, it } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import type { CountGate, Gate, MetricGate } from "../../src/manifest/release.ts";
import type { MetricAnswer, MetricSource } from "../../src/metrics/metric-source.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { measureGates } from "../../src/rollout/measure-gates.ts";
import { fanConfig, observed, planOf, run, settle, stage, started, wave } from "../support/fan-rollout.ts";

/** Answers from a table, and remembers what it was asked. */
class TableOfMetrics implements MetricSource {
  readonly name = "table";
  readonly asked: string[] = [];
  most = 0;
  #under = 0;
  readonly #answer: (query: string) => MetricAnswer;

  constructor(answer: (query: string) => MetricAnswer) {
    this.#answer = answer;
  }

  async query(query: string): Promise<MetricAnswer> {
    this.asked.push(query);
    this.most = Math.max(this.most, ++this.#under);
    await Promise.resolve();
    this.#under--;
    return this.#answer(query);
  }
}

const basics = { component: "fan", everyMs: 60_000, deadlineMs: 3_600_000 } as const;
const query = 'errors{version=~"$versions"}';
const comparing: MetricGate = {
  ...basics,
  measure: "metric",
  query,
  bound: { kind: "max-increase", value: 20 },
  readings: 3,
};
const counting: CountGate = {
  ...basics,
  measure: "count",
  failures: 'failed{version=~"$versions"}',
  of: 'all{version=~"$versions"}',
  limitPercent: 1,
  alpha: 0.05,
};
const released = String.raw`errors{version=~"(?:2\\.0\\.0)"}`;
const others = String.raw`errors{version=~"(?:1\\.9\\.4|1\\.8\\.0)"}`;

/** The canary stage of the fan has begun, with these gates. */
function under(gates: Record<string, Gate>, versions: Record<string, number> = { "1.8.0": 2, "1.9.4": 3 }) {
  const waves = [wave({ kind: "percent", percent: 50 }, 10)];
  const later = { ...comparing, query: "later" };
  const stages = [
    stage("canary", { gates: Object.keys(gates), waves }),
    stage("fleet", { gates: ["later"], waves: [wave({ kind: "percent", percent: 100 }, 100)] }),
  ];
  const config = fanConfig({
    gates: { ...gates, later },
    stages,
    plan: planOf("introduce fan 2.0.0", "retire fan 1.8.0", "introduce app 4.2.0"),
  });
  const seen = observed({ population: { devices: 10, versions: { fan: versions } } });
  return settle(run(started(config), 0, seen), 0);
}

const measure = (state: RolloutState, source: MetricSource, atMs = 0) => measureGates(state, source, atMs);

describe("what is asked", () => {
  it("is about the released version, and compared with those that most others run", async () => {
    const source = new TableOfMetrics((asked) => ({ value: asked === released ? 6 : 5 }));
    expect(await measure(under({ errors: comparing }), source, 7)).toEqual({
      errors: { atMs: 7, value: 6, against: 5, problem: null },
    });
    expect(source.asked).toEqual([released, others]);
  });

  it("is compared with what the plan found while nobody was counted, and with nobody when all are updated", async () => {
    const source = new TableOfMetrics(() => ({ value: 1 }));
    await measure(under({ errors: comparing }, {}), source);
    expect(source.asked[1]).toBe(String.raw`errors{version=~"(?:1\\.8\\.0|1\\.9\\.4)"}`);
    expect(await measure(under({ errors: comparing }, { "2.0.0": 9 }), source)).toEqual({
      errors: { atMs: 0, value: 1, against: null, problem: null },
    });
    expect(source.asked).toHaveLength(3);
  });

  it("takes no heed of a device without a version, nor of more versions than there can be", async () => {
    const source = new TableOfMetrics(() => ({ value: 1 }));
    const made = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`1.0.${index}`, 500 - index]));
    await measure(under({ errors: comparing }, { "": 999, ...made }), source);
    expect(source.asked[1]!.match(/1\\\\\.0\\\\\.\d+/g)).toHaveLength(100);
    expect(source.asked[1]).not.toContain("(?:|");
  });

  it("is asked once where nothing is compared", async () => {
    const source = new TableOfMetrics(() => ({ value: 1 }));
    const plain: MetricGate = { ...comparing, bound: { kind: "max", value: 3 } };
    const none: MetricGate = { ...plain, query: "up", component: null };
    await measure(under({ plain, none }), source);
    expect(source.asked.toSorted()).toEqual([released, "up"]);
  });

  it("is due after its time, also when the clock was set back, and once its stage and component have begun", async () => {
    const source = new TableOfMetrics(() => ({ value: 1 }));
    const ofApp: MetricGate = { ...comparing, component: "app" };
    const state = under({ errors: comparing, ofApp });
    const readings = await measure(state, source, 1000);
    expect(Object.keys(readings)).toEqual(["errors"]);
    const after = run(state, 1000, observed({ readings }));
    expect(await measure(after, source, 60_999)).toEqual({});
    expect(Object.keys(await measure(after, source, 61_000))).toEqual(["errors"]);
    expect(Object.keys(await measure(after, source, -60_000))).toEqual(["errors"]);
  });

  it("is asked a few at a time", async () => {
    const source = new TableOfMetrics(() => ({ value: 1 }));
    const gates = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`g${index}`, comparing]));
    expect(Object.keys(await measure(under(gates), source))).toEqual(Object.keys(gates));
    expect(source.most).toBeGreaterThan(1);
    expect(source.most).toBeLessThanOrEqual(4);
  });
});

describe("no data", () => {
  const reading = async (gate: Gate, answer: (query: string) => MetricAnswer) =>
    (await measure(under({ g: gate }), new TableOfMetrics(answer)))["g"];
  const none = { atMs: 0, value: null, against: null };

  it("is a reading in words", async () => {
    expect(await reading(comparing, () => ({ problem: "no series matches" }))).toEqual({
      ...none,
      problem: "no series matches",
    });
    const ofReleased = (asked: string): MetricAnswer =>
      asked === released ? { value: 3 } : { problem: "no series matches" };
    // Who is left may sleep: then the last that was seen of them counts.
    expect(await reading(comparing, ofReleased)).toEqual({ ...none, value: 3, problem: null });
    const refusing = (asked: string): MetricAnswer =>
      asked === released ? { value: 3 } : { problem: "bad_data", refused: true };
    expect(await reading(comparing, refusing)).toEqual({
      ...none,
      value: 3,
      problem: "of 1.9.4, 1.8.0: bad_data",
    });
  });

  it("is what counts come to that cannot be counts", async () => {
    const counts = (failed: MetricAnswer, all: MetricAnswer) =>
      reading(counting, (asked) => (asked.startsWith("failed") ? failed : all));
    expect(await counts({ value: 2 }, { value: 300 })).toEqual({
      ...none,
      value: 2,
      against: 300,
      problem: null,
    });
    expect(await counts({ value: 3 }, { value: 2 })).toEqual({
      ...none,
      problem: "more failures than there were: 3 of 2",
    });
    expect(await counts({ value: -1 }, { value: 2 })).toMatchObject({ value: null });
    expect(await counts({ value: 1 }, { problem: "text" })).toEqual({ ...none, problem: "of: text" });
    expect(await counts({ problem: "text" }, { value: 1 })).toEqual({ ...none, problem: "failures: text" });
  });

  it("is what metrics that are away come to, who are waited for once", async () => {
    const source = new TableOfMetrics(() => {
      throw new IotctlError("IOT_METRICS_UNREACHABLE", "Nobody is there.");
    });
    const gates = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`g${index}`, comparing]));
    const readings = await measure(under(gates), source);
    expect(Object.values(readings)).toEqual(
      Array.from({ length: 30 }, () => ({ ...none, problem: "Nobody is there." })),
    );
    expect(source.asked.length).toBeLessThanOrEqual(4);
  });

  it("is not what a bug comes to", async () => {
    const broken = () => {
      throw new TypeError("a bug");
    };
    await expect(reading(comparing, broken)).rejects.toThrow("a bug");
  });
});
