// What gates of others let through, each kept from happening here.
import { describe, expect, it } from "vitest";
import type { CountGate, Gate, MetricGate } from "../../../src/manifest/release.ts";
import { judgeGates } from "../../../src/rollout/engine/gates.ts";
import type { MetricReading } from "../../../src/rollout/engine/metric-reading.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import { tallyOf } from "../../../src/rollout/engine/tally.ts";
import { problemsOf, smallRelease } from "../../manifest/manifest-texts.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planOf,
  run,
  settle,
  stage,
  started,
  wave,
} from "../../support/fan-rollout.ts";

const minuteMs = 60_000;
const latency: MetricGate = {
  measure: "metric",
  query: "latency",
  component: "fan",
  bound: { kind: "max", value: 100 },
  everyMs: minuteMs,
  readings: 3,
  deadlineMs: hourMs,
};
const crashes: CountGate = {
  measure: "count",
  failures: "crashes",
  of: "sessions",
  component: "fan",
  limitPercent: 2,
  alpha: 0.05,
  everyMs: minuteMs,
  deadlineMs: hourMs,
};

/** Two waves, devices that are all well, and the gates that stand between; the bake time is over. */
function between(gates: Record<string, Gate>, onFailure: "hold" | "rollback" = "hold"): RolloutState {
  const half = wave({ kind: "percent", percent: 50 }, 0);
  const all = wave({ kind: "percent", percent: 100 }, 0);
  const config = fanConfig({
    plan: planOf("introduce fan 2.0.0"),
    stages: [stage("fleet", { waves: [half, all], gates: Object.keys(gates), bakeMs: 0 })],
    gates,
    onFailure,
  });
  return run(settle(started(config), 0), 1, observed({ progress: fleetOf("well", 500) }));
}

function reading(atMs: number, value: number | null, against: number | null = null): MetricReading {
  return { atMs, value, against, problem: value === null ? "no sample" : null };
}

/** Looks a minute apart, each with what one gate read. */
function read(
  state: RolloutState,
  name: string,
  ...values: (number | null | [number | null, number | null])[]
) {
  for (const [index, each] of values.entries()) {
    const atMs = (index + 1) * minuteMs;
    const [value, against] = Array.isArray(each) ? each : [each, null];
    state = run(state, atMs, observed({ readings: { [name]: reading(atMs, value, against) } }));
  }
  return state;
}

const went = ({ status, waveIndex }: RolloutState): string =>
  status === "running" ? `wave ${waveIndex}` : status;
const verdicts = (state: RolloutState): string[] =>
  judgeGates(state, tallyOf(state)).map(({ verdict }) => verdict);

describe("a number that is none", () => {
  it("is no data in every wording of the bound, never a pass and never a failure (Argo Rollouts: NaN is what the expression makes of it)", () => {
    for (const kind of ["max", "min", "max-increase", "max-decrease"] as const) {
      const gate: MetricGate = { ...latency, bound: { kind, value: 100 } };
      for (const [value, against] of [
        [NaN, 1],
        [Infinity, 1],
        [-Infinity, 1],
        [null, 1],
        ...(kind.endsWith("crease")
          ? ([
              [1, NaN],
              [1, Infinity],
              [1, null],
            ] as const)
          : []),
      ] as const) {
        const state = read(
          between({ latency: gate }),
          "latency",
          ...Array.from({ length: 9 }, () => [value, against] as [number | null, number | null]),
        );
        expect(verdicts(state), `${value} against ${against} by ${kind}`).toEqual(["inconclusive"]);
        expect(went(state)).toBe("wave 0");
      }
    }
  });

  it("is no data where queries count, nor is more than there is", () => {
    for (const [failures, of] of [
      [NaN, 10_000],
      [0, NaN],
      [0, Infinity],
      [Infinity, Infinity],
      [-1, 10_000],
      [5, 4],
      [null, 10_000],
      [0, null],
      [0, 0],
    ] as const) {
      const state = read(between({ crashes }), "crashes", [failures, of]);
      expect(verdicts(state), `${failures} of ${of}`).toEqual(["inconclusive"]);
      expect(went(state)).toBe("wave 0");
    }
    expect(went(read(between({ crashes }), "crashes", [0, 10_000], [0, 10_000]))).toBe("completed");
  });
});

describe("no data", () => {
  it("lets nothing go on later, when there was data before (Flagger #1011)", () => {
    const good = read(between({ latency }), "latency", 50, 50);
    expect(went(good)).toBe("wave 0");
    const lost = run(good, 3 * minuteMs, observed({ readings: { latency: reading(3 * minuteMs, null) } }));
    // Two before and two after the gap are not three in a row.
    const back = [4, 5].reduce(
      (state, minute) =>
        run(state, minute * minuteMs, observed({ readings: { latency: reading(minute * minuteMs, 50) } })),
      lost,
    );
    expect(went(back)).toBe("wave 0");
  });

  it("of a wave is not what was read before it began: its row of readings begins anew", () => {
    const second = read(between({ latency }), "latency", 50, 50, 50);
    expect(went(second)).toBe("wave 1");
    expect(went(run(second, 1000 * hourMs, observed(), observed()))).toBe("wave 1");
    expect(went(read(second, "latency", 50, 50))).toBe("wave 1");
    expect(went(read(second, "latency", 50, 50, 50))).toBe("completed");
  });

  it("is not a failure either where nobody said so (Flagger #1035: too few users to measure)", () => {
    const silent = read(between({ latency }), "latency", ...Array.from({ length: 500 }, () => null));
    expect(went(silent)).toBe("wave 0");
  });

  it("fails at the deadline where the gate says so, also when no reading ever came", () => {
    const strict = between({ latency: { ...latency, noData: "fail" } });
    const overdue = observed({ overdue: ["latency"] });
    expect(run(strict, hourMs + 2, overdue)).toMatchObject({
      status: "failed",
      failure: { gate: "latency" },
    });
  });

  it("of one gate is not made good by all the others (Kayenta: a group without data scores 100)", () => {
    const gates: Record<string, Gate> = { ...fanConfig().gates, latency };
    expect(went(between(gates))).toBe("wave 0");
    expect(verdicts(between(gates))).toEqual(["pass", "pass", "inconclusive"]);
  });

  it("of a gate that nobody defined holds for ever (Argo Rollouts: what matches no phase counts as a success)", () => {
    const state = between({ latency });
    const typo: RolloutState = { ...state, config: { ...state.config, gates: {} } };
    expect(went(read(typo, "latency", 50, 50, 50, 50, 50))).toBe("wave 0");
  });
});

describe("a verdict", () => {
  it("that is fatal for one gate stops, however well the others stand (Kayenta: one bad metric disappears in the score)", () => {
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`good-${index}`, { ...latency, readings: 1 }]),
    );
    const gates: Record<string, Gate> = { ...many, crashes };
    const readings = Object.fromEntries(Object.keys(many).map((name) => [name, reading(minuteMs, 1)]));
    const crashed = run(
      between(gates),
      minuteMs,
      observed({ readings: { ...readings, crashes: reading(minuteMs, 90, 1000) } }),
    );
    expect(crashed).toMatchObject({ status: "failed", failure: { gate: "crashes" } });
  });

  it("that is not reached never ships, however long it takes (GrowthBook: undecided at the end is shipped)", () => {
    const undecided = read(
      between({ crashes }),
      "crashes",
      ...Array.from({ length: 300 }, () => [20, 1000] as [number, number]),
    );
    expect(verdicts(undecided)).toEqual(["inconclusive"]);
    expect(run(undecided, 10_000 * hourMs, observed())).toMatchObject({ status: "running", waveIndex: 0 });
  });

  it("is not reached by ending early (Argo Rollouts: an analysis that is cut short is a success)", () => {
    const early = read(between({ latency }), "latency", 50, 50);
    expect(verdicts(early)).toEqual(["inconclusive"]);
    expect(run(early, 1000 * hourMs, observed())).toMatchObject({ status: "running", waveIndex: 0 });
  });

  it("of a grey zone is nobody's pass: neither in bounds nor out of them often enough holds", () => {
    const grey = read(
      between({ latency }),
      "latency",
      ...Array.from({ length: 99 }, (_, index) => (index % 3 === 2 ? 150 : 50)),
    );
    expect(verdicts(grey)).toEqual(["inconclusive"]);
    expect(went(grey)).toBe("wave 0");
  });

  it("fails after as many readings as it says, not after one more (Argo Rollouts: a limit of N tolerates N)", () => {
    expect(read(between({ latency }), "latency", 150, 150).status).toBe("running");
    expect(read(between({ latency }), "latency", 150, 150, 150).status).toBe("failed");
  });

  it("of a dry run moves nothing, whatever it is", () => {
    const dryRun = { ...latency, dryRun: true as const };
    const failing = read(between({ dryRun, latency }), "dryRun", 150, 150, 150, 150);
    expect(verdicts(failing)).toEqual(["fail", "inconclusive"]);
    expect(went(failing)).toBe("wave 0");
    expect(went(read(failing, "latency", 50, 50, 50))).toBe("wave 1");
  });
});

describe("a limit", () => {
  it("that cannot be read stops the release before it begins, whatever else is right", () => {
    const limited = (limit: string): string[] =>
      problemsOf(
        `${smallRelease}gates:\n  updated: { measure: update-failure, limit: ${limit}, alpha: 0.05, deadline: 6h }\n`,
      );
    expect(limited("2%")).toEqual([]);
    for (const limit of [
      "five",
      "5 %%",
      "NaN%",
      "-1%",
      "0%",
      "100%",
      "1e3%",
      "'2,5%'",
      "0.02.1",
      "[2%]",
      "~",
      "''",
    ]) {
      expect(limited(limit), limit).not.toEqual([]);
    }
  });

  it("that cannot be read as a number passes nothing (hawkBit: a threshold that does not parse means no error)", () => {
    for (const limitPercent of [NaN, Infinity, -1, 0, 100, 200, "5 %" as never, null as never]) {
      const limited = between({ crashes: { ...crashes, limitPercent }, latency });
      for (const failures of [0, 1e6]) {
        const state = read(limited, "crashes", [failures, 1e6]);
        expect(verdicts(state)[0], `${failures} at ${String(limitPercent)}`).toBe("inconclusive");
        expect(went(state)).toBe("wave 0");
      }
    }
  });
});
