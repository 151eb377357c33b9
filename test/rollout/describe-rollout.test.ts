import { describe, expect, it } from "vitest";
import { formatInstant } from "../../src/base/format-instant.ts";
import { rolloutLine } from "../../src/cli/render/rollout-line.ts";
import { rolloutPicture } from "../../src/cli/render/rollout-picture.ts";
import { rolloutText } from "../../src/cli/render/rollout-text.ts";
import type { MetricGate } from "../../src/manifest/release.ts";
import { gateNumbers } from "../../src/rollout/engine/describe-gates.ts";
import { describeRollout, type RolloutView } from "../../src/rollout/engine/describe-rollout.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planDigest,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";
import {
  canaryBad,
  canaryGood,
  canaryUnderWay,
  night,
  nightConfig,
  nightMs,
  nightPopulation,
  said,
  type Told,
  wayBackTo,
} from "../support/night-rollout.ts";

const viewAt = (state: RolloutState, hours: number): RolloutView =>
  describeRollout(state, nightMs + hours * hourMs);
const kindsOf = ({ waits }: RolloutView): string[] => waits.map(({ kind }) => kind);
const crashing: Told = [
  2.6,
  observed({ readings: { crashes: { atMs: nightMs, value: null, against: null, problem: "away" } } }),
];
const wavesOf = ({ phases }: RolloutView) =>
  phases.flatMap(({ stages }) => stages.flatMap(({ waves }) => waves));

describe("the tree of a rollout", () => {
  it("has what is done before what is under way before what is next, from its start to its end", () => {
    const order = ["done", "under way", "waiting", "next"];
    let state = started();
    const approval = { type: "approved", stage: "fleet", planDigest, by: "ann", reason: "" } as const;
    for (let hour = 1; hour < 20 && state.status !== "completed"; hour++) {
      const states = wavesOf(describeRollout(state, hour * hourMs)).map((each) => order.indexOf(each.state));
      expect(states).toEqual(states.toSorted((a, b) => a - b));
      expect(states.filter((each) => each === 1 || each === 2)).toHaveLength(1);
      const event = observed({ progress: fleetOf("fan", 30) });
      state = settle(run(state, hour * hourMs, approval, event), hour * hourMs);
    }
    const end = describeRollout(state, 20 * hourMs);
    expect(wavesOf(end).every((each) => each.state === "done")).toBe(true);
    expect(end.phases.map((phase) => phase.state)).toEqual(["done", "done"]);
    expect(end.phases.map(({ steps }) => steps)).toEqual([["s1", "s2"], ["s4"]]);
    expect(end.phases.map(({ after }) => after)).toEqual([[], ["s3"]]);
  });

  it("stops where the rollout stopped", () => {
    const stopped = run(started(), hourMs, { type: "aborted", by: "ann", reason: "" });
    const view = describeRollout(stopped, 2 * hourMs);
    expect(wavesOf(view).map((each) => each.state)).toEqual(["stopped", ...Array(5).fill("next")]);
    expect(view.phases.map((phase) => phase.state)).toEqual(["stopped", "next"]);
    expect(view.waits).toEqual([]);
  });
});

describe("what a rollout waits for", () => {
  it("is each thing that holds it, with the time at which it is over", () => {
    const view = viewAt(night([canaryUnderWay]), 0.5);
    expect(kindsOf(view)).toEqual(["gate", "gate", "bake", "devices"]);
    expect(view.waits[2]).toMatchObject({ untilMs: nightMs + hourMs });
    expect(view.waitsFor).toBe(view.waits.map(({ text }) => text).join("; "));
    // A gate that only looks on holds nothing.
    expect(view.waitsFor).not.toContain("latency");
  });

  it("is no bake time once somebody has ended it", () => {
    const skipped = {
      type: "bake-skipped",
      stage: "canary",
      wave: "canary",
      planDigest,
      by: "ann",
      reason: "",
    } as const;
    const view = viewAt(night([canaryUnderWay, [0.4, skipped]]), 0.5);
    expect(kindsOf(view)).toEqual(["gate", "gate", "devices"]);
    expect(wavesOf(view)[0]).toMatchObject({ bakesUntilMs: null, startedAtMs: nightMs });
  });

  it("is people, and the window that they cannot open", () => {
    const view = viewAt(night([canaryUnderWay, canaryGood, [2.5, said("denied", "bert", "no")]]), 3);
    expect(kindsOf(view)).toEqual(["denial", "approval", "window"]);
    expect(view.approvals).toMatchObject({
      stage: "fleet",
      required: 2,
      missing: 2,
      denied: [{ by: "bert" }],
    });
    expect(view.closed).toMatchObject({ kind: "window", opensAtMs: Date.parse("2026-11-23T08:00Z") });
  });

  it("holds devices of a wave that has begun, too", () => {
    const freezes = [{ fromMs: nightMs, untilMs: nightMs + 5 * hourMs, why: "a fair" }];
    const frozen = night([canaryUnderWay, [0.3, { type: "freezes-changed", freezes }]]);
    expect(kindsOf(viewAt(frozen, 0.5))).toContain("freeze");
    expect(viewAt(frozen, 6).closed).toBeNull();
  });
});

describe("a rollout that waits for several things", () => {
  it("names the gate and the person who holds it", () => {
    const denied = night([canaryUnderWay, [0.4, said("denied", "bert", "no")]]);
    expect(kindsOf(viewAt(denied, 0.5))).toEqual(["gate", "gate", "bake", "devices", "denial"]);
    const revoked = night([canaryUnderWay, canaryGood, [2.5, said("denied", "bert")], crashing]);
    expect(kindsOf(viewAt(revoked, 3))).toEqual(["gate", "denial", "approval", "window"]);
  });

  it("says once what holds several gates", () => {
    const problem = "Prometheus at http://127.0.0.1:9090 gives no answer: connect ECONNREFUSED.";
    const nothing = { atMs: nightMs, value: null, against: null, problem };
    const basics = { component: null, everyMs: 1, deadlineMs: hourMs };
    const config = nightConfig({
      gates: {
        ...nightConfig().gates,
        latency: { ...basics, measure: "metric", query: "q", bound: { kind: "max", value: 1 }, readings: 3 },
      },
    });
    const away = night([canaryGood, [2.1, observed({ readings: { crashes: nothing, latency: nothing } })]], {
      config,
    });
    const [gate, ...others] = viewAt(away, 3).waits.filter(({ kind }) => kind === "gate");
    expect(gate?.text).toBe(`gates crashes, latency: no data (${problem.slice(0, -1)})`);
    expect(others).toEqual([]);
    expect(rolloutLine(viewAt(away, 3)).split("http:")).toHaveLength(2);
  });

  it("counts no further than a gate needs, and shows no moment that no date reaches", () => {
    const good = { atMs: nightMs, value: 0.1, against: null, problem: null };
    const looks = Array.from({ length: 12 }, (_, index): Told => {
      return [0.2 + index / 100, observed({ readings: { latency: good } })];
    });
    const latency = viewAt(night([canaryUnderWay, ...looks]), 0.5).gates[2]!;
    expect(gateNumbers(latency)).toBe("0.1, at most 0.5, 3 of 3 good in a row");
    const freezes = [{ fromMs: nightMs, untilMs: Number.MAX_SAFE_INTEGER, why: "for ever" }];
    const frozen = night([canaryUnderWay, [0.3, { type: "freezes-changed", freezes }]]);
    expect(viewAt(frozen, 0.5).waitsFor).toContain("the end of the freeze: for ever");
    expect(formatInstant(Number.MAX_SAFE_INTEGER)).toBe("+275760-09-13 00:00 UTC");
    expect(formatInstant(-Infinity)).toBe("-271821-04-20 00:00 UTC");
    expect(() => viewAt(night([canaryUnderWay, canaryGood]), 8.64e15 / hourMs - 500_000)).not.toThrow();
  });

  it("has not baked before its devices had their turn", () => {
    const freezes = [{ fromMs: 0, untilMs: nightMs + 5 * hourMs, why: "a fair" }];
    const shut = night([[0.1, observed({ population: nightPopulation })]], {
      config: nightConfig({ freezes }),
    });
    expect(kindsOf(viewAt(shut, 0.5))).toEqual(["freeze"]);
  });
});

describe("a rollout that goes back", () => {
  const returnable = Object.keys(fleetOf("fan", 7)).map((deviceId) => {
    return { deviceId, component: "fan", to: "1.9.4" };
  });
  const turned = [canaryUnderWay, canaryBad, [2.5, observed({ returnable })]] as const;
  const wayBack = wayBackTo("1.9.4", true);
  const back = (count: number): Told => {
    const returning = fleetOf("fan", count, { version: "1.9.4", from: "2.0.0" });
    return [3, observed({ returning })];
  };

  it("says how many of how many are back, and counts these as updated no more", () => {
    const view = viewAt(night([...turned, back(3)], { wayBack }), 3);
    expect(view.status).toBe("rolling-back");
    expect(view.devices).toMatchObject({ updated: 6, returned: 3, toReturn: 9 });
    expect(view.waitsFor).toBe("devices to go back, 3 of 9 are back");
    expect(view.out).toEqual({});
    expect(rolloutLine(view)).toContain("6 updated, 20 failed, 1 waiting, 3 of 9 back");
  });

  it("praises no phase that was taken back", () => {
    const population = { ...nightPopulation, versions: { fan: { "2.0.0": 40 }, app: { "4.1.0": 100 } } };
    const through = [canaryUnderWay, canaryGood] as const;
    const config = nightConfig({
      stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], gates: ["updated"] })],
    });
    const told = [
      ...through,
      [3, observed({ population })],
      [4, { type: "rollback-requested", by: "ann", reason: "" }],
      back(3),
    ] as const;
    const view = viewAt(night(told, { config, wayBack }), 5);
    expect(view.phases.map(({ state }) => state)).toEqual(["taken back", "stopped"]);
    expect(view.phases[0]!.stages.map(({ state }) => state)).toEqual(["taken back"]);
    const steps = view.steps.filter(({ action }) => action === "introduce");
    expect(steps.map(({ component, state }) => `${component} ${state}`)).toEqual([
      "cloud done",
      "fan taken back",
      "app under way",
    ]);
    const text = rolloutText(view, nightMs);
    expect(text).toMatch(/↩ .*Phase 1 of 2.*, taken back/);
    expect(text).not.toContain("when nobody uses");
  });
});

describe("what a backend refuses to stop", () => {
  it("is shown with its reason wherever the rollout is", () => {
    const stopped = run(night([canaryUnderWay]), nightMs + hourMs, { type: "aborted", by: "a", reason: "" });
    const key = stopped.pending.find(({ kind }) => kind === "cancel")!.key;
    const message = "The fleet says no.";
    const event = { type: "effect-failed", key, code: "IOT_FLEET_REFUSED", message } as const;
    const view = viewAt(run(stopped, nightMs + hourMs, event), 2);
    expect(view.refused).toEqual({ [key]: message });
    const words = `to take back assignment ${key.slice("cancel:".length)}: The fleet says no`;
    expect(rolloutLine(view)).toContain(`refused ${words}`);
    expect(rolloutPicture(view, 200)).toContain(`refused ${words}`);
    const text = rolloutText(view, nightMs);
    expect(text).toContain(`Refused, and tried again in every turn:\n  ${words}`);
    expect(text).toContain("Next: iotctl rollout advance fan-1");
  });
});

describe("a rollout is stuck", () => {
  const everybody = [wave({ kind: "percent", percent: 100 }, 100)];
  const few = (gates: string[], more: Parameters<typeof fanConfig>[0] = {}): RolloutState => {
    const config = fanConfig({ stages: [stage("all", { waves: everybody, gates })], ...more });
    return settle(run(settle(started(config), 0), 1, observed({ progress: fleetOf("fan", 2) })), 1);
  };

  it("when a gate lacks devices and there are no more", () => {
    expect(describeRollout(few(["updated"]), 1).stuck).toBe(true);
    expect(
      describeRollout(run(few(["updated"]), 2, observed({ waiting: { "fan-9": "busy" } })), 2).stuck,
    ).toBe(false);
  });

  it("not when what it lacks will be measured", () => {
    const latency: MetricGate = {
      measure: "metric",
      query: "q",
      component: null,
      bound: { kind: "max-increase", value: 10 },
      everyMs: 1000,
      readings: 3,
      deadlineMs: hourMs,
    };
    const state = few(["latency"], { gates: { latency } });
    expect(describeRollout(state, 1)).toMatchObject({ stuck: false, gates: [{ verdict: "inconclusive" }] });
    const reading = { atMs: 2, value: 0.123456, against: 0.1, problem: null };
    const read = run(state, 2, observed({ readings: { latency: reading } }));
    expect(gateNumbers(describeRollout(read, 2).gates[0]!)).toBe(
      "0.1235 against 0.1 of the others, at most 10% more, 1 of 3 bad in a row",
    );
  });

  it("not in a freeze that ends, but in one that does not", () => {
    const until = (days: number) => ({ fromMs: 0, untilMs: days * 24 * hourMs, why: "x" });
    const frozen = (days: number) =>
      run(few(["updated"]), 2, { type: "freezes-changed", freezes: [until(days)] });
    expect(describeRollout(frozen(3), 3)).toMatchObject({ stuck: false, closed: { kind: "freeze" } });
    expect(describeRollout(frozen(1000), 3)).toMatchObject({ stuck: true, closed: { opensAtMs: null } });
  });
});

describe("a gate", () => {
  it("says how many more good devices it needs with the failures it has", () => {
    const gates = viewAt(night([canaryUnderWay]), 0.5).gates;
    expect(gates[0]).toMatchObject({
      name: "updated",
      devices: 8,
      failures: 1,
      moreNeeded: 2,
      devicesNeeded: 10,
    });
    expect(gates[1]).toMatchObject({ measure: "count", devices: 120, moreNeeded: 523 });
    expect(gates[2]).toMatchObject({
      measure: "metric",
      devicesNeeded: null,
      moreNeeded: null,
      dryRun: true,
    });
    const good = viewAt(night([canaryUnderWay, canaryGood]), 2).gates[0]!;
    expect(good).toMatchObject({ verdict: "pass", moreNeeded: 0 });
    expect(JSON.parse(JSON.stringify(gates))).toEqual(gates);
  });

  it("that is not defined says so", () => {
    const config = fanConfig({
      stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], gates: ["typo"] })],
    });
    const [gate] = describeRollout(settle(started(config), 0), 0).gates;
    expect(gate).toMatchObject({ measure: null, devicesNeeded: null, verdict: "inconclusive" });
    expect(gateNumbers(gate!)).toBe("it is not defined");
  });
});
