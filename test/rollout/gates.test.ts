import { describe, expect, it } from "vitest";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import { gatesAreOpen, gatesInForce, judgeGates } from "../../src/rollout/engine/gates.ts";
import type { DeviceProgress, RolloutState } from "../../src/rollout/engine/state.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
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
} from "../support/fan-rollout.ts";

const everybody = [wave({ kind: "percent", percent: 100 }, 100)];
const gated = (gates: string[], more = {}): RolloutState =>
  settle(started(fanConfig({ stages: [stage("all", { waves: everybody, gates })], ...more })), 0);
const withDevices = (state: RolloutState, ...fleets: Record<string, DeviceProgress>[]): RolloutState => ({
  ...state,
  devices: Object.assign({}, ...fleets) as RolloutState["devices"],
});
const verdicts = (state: RolloutState): string[] =>
  judgeGates(state, tallyOf(state)).map(({ verdict }) => verdict);

describe("a gate", () => {
  it("without data is undecided, and holds", () => {
    const state = gated(["updated", "heartbeat"]);
    expect(verdicts(state)).toEqual(["inconclusive", "inconclusive"]);
    expect(run(state, 1000 * hourMs, observed())).toMatchObject({ status: "running", waveIndex: 0 });
  });

  it("passes with enough good devices and fails with enough bad ones", () => {
    const state = gated(["updated"]);
    expect(verdicts(withDevices(state, fleetOf("good", 3)))).toEqual(["inconclusive"]);
    expect(verdicts(withDevices(state, fleetOf("good", 12)))).toEqual(["pass"]);
    expect(verdicts(withDevices(state, fleetOf("bad", 9, { status: "failed" })))).toEqual(["fail"]);
  });

  it("does not count devices that sleep or are under way", () => {
    const state = withDevices(
      gated(["updated", "heartbeat"]),
      fleetOf("sleeping", 50, { status: "assigned" }),
      fleetOf("busy", 50, { status: "updating" }),
    );
    expect(judgeGates(state, tallyOf(state))).toMatchObject([{ devices: 0 }, { devices: 0, undecided: 0 }]);
  });

  it("that is not defined holds for ever, even where no firmware moves", () => {
    const state = withDevices(gated(["typo"]), fleetOf("good", 1000));
    expect(judgeGates(state, tallyOf(state))).toMatchObject([{ verdict: "inconclusive", component: null }]);
    const appsOnly = gated(["typo"], { plan: planOf("introduce app 4.2.0") });
    expect(gatesAreOpen(appsOnly, tallyOf(appsOnly))).toBe(false);
  });

  it("does not pass on those who spoke first: who may still turn out silent counts against it", () => {
    const spoken = fleetOf("heard", 12);
    const state = gated(["heartbeat"]);
    expect(verdicts(withDevices(state, spoken))).toEqual(["pass"]);
    const open = withDevices(state, spoken, fleetOf("unheard", 6, { heard: false }));
    expect(judgeGates(open, tallyOf(open))).toMatchObject([
      { verdict: "inconclusive", devices: 12, failures: 0, undecided: 6 },
    ]);
    expect(describeRollout(open, 0).waitsFor).toContain("12 of 12 devices good, 6 not heard of yet");
    // Nor does it fail on them.
    expect(verdicts(withDevices(state, fleetOf("unheard", 50, { heard: false })))).toEqual(["inconclusive"]);
  });

  it("counts who was heard and then fell silent as a failure", () => {
    const state = gated(["heartbeat"]);
    expect(verdicts(withDevices(state, fleetOf("gone", 9, { heard: true, silent: true })))).toEqual(["fail"]);
  });

  it("judges each firmware by itself", () => {
    const config = fanConfig();
    const { fan } = config.resolved.components;
    if (!fan) throw new Error("the fan is missing");
    const plan = planOf("introduce fan 2.0.0", "introduce hub 2.0.0");
    const state = withDevices(
      gated(["updated"], {
        plan: { ...plan, field: { ...plan.field, hub: ["1.0.0"] } },
        resolved: { ...config.resolved, components: { ...config.resolved.components, hub: fan } },
      }),
      fleetOf("fan", 10_000),
    );
    expect(judgeGates(state, tallyOf(state))).toMatchObject([
      { component: "fan", verdict: "pass" },
      { component: "hub", verdict: "inconclusive" },
    ]);
    const bad = withDevices(
      state,
      fleetOf("fan", 10_000),
      fleetOf("hub", 9, { component: "hub", status: "failed" }),
    );
    expect(gatesInForce(bad, tallyOf(bad))).toMatchObject([
      { verdict: "pass" },
      { component: "hub", verdict: "fail" },
    ]);
    expect(run(bad, 1, observed())).toMatchObject({ status: "rolling-back", failure: { gate: "updated" } });
  });

  it("does not apply before firmware moves, nor to a firmware that nobody has", () => {
    const appsFirst = gated(["updated"], {
      plan: planOf("introduce app 4.2.0", "retire app 4.0.0", "introduce fan 2.0.0"),
    });
    expect(verdicts(appsFirst)).toEqual(["not-applicable"]);
    expect(run(appsFirst, hourMs, observed())).toMatchObject({ phaseIndex: 1 });
    const plan = planOf("introduce fan 2.0.0");
    expect(verdicts(gated(["updated"], { plan: { ...plan, field: {} } }))).toEqual(["not-applicable"]);
  });
});

describe("health", () => {
  const stages = [
    stage("canary", { waves: [wave({ kind: "percent", percent: 10 }, 0)] }),
    stage("fleet", { waves: everybody, approvalsRequired: 1 }),
  ];
  const good = fleetOf("good", 12);
  const atCanary = withDevices(settle(started(fanConfig({ stages })), 0), good);
  const waiting = run(atCanary, 2 * hourMs, observed());
  const bad = observed({ progress: fleetOf("bad", 40, { status: "failed" }) });

  it("is watched while a stage bakes, waits for approval or is paused", () => {
    expect(waiting.status).toBe("awaiting-approval");
    const paused = run(atCanary, 1, { type: "paused", by: "ann", reason: "" });
    for (const state of [atCanary, waiting, paused]) {
      expect(run(state, 3 * hourMs, bad)).toMatchObject({
        status: "rolling-back",
        failure: { gate: "updated" },
      });
    }
  });

  it("that has turned doubtful holds the next stage, though people have approved", () => {
    const doubtful = run(
      waiting,
      3 * hourMs,
      observed({ progress: fleetOf("bad", 5, { status: "failed" }) }),
    );
    expect(verdicts(doubtful)).toEqual(["inconclusive"]);
    const approval = {
      type: "approved",
      stage: "fleet",
      planDigest: "sha256:plan",
      by: "ann",
      reason: "",
    } as const;
    const approved = run(doubtful, 4 * hourMs, approval);
    expect(approved).toMatchObject({ status: "running", waveEntered: false });
    expect(describeRollout(approved, 4 * hourMs).waitsFor).toContain("gate updated");
    const better = run(approved, 5 * hourMs, observed({ progress: fleetOf("more", 40) }));
    expect(better).toMatchObject({ status: "running", waveEntered: true, waveIndex: 1 });
  });

  it("that fails where a stage begins lets nothing of the stage be done", () => {
    const open = stage("canary", { waves: [wave({ kind: "percent", percent: 10 }, 10)], gates: [] });
    const closed = stage("fleet", { waves: [wave({ kind: "percent", percent: 100 }, 100)] });
    const plan = planOf("introduce fan 2.0.0", "introduce app 4.2.0");
    const canary = settle(started(fanConfig({ stages: [open, closed], plan })), 0);
    const after = run(canary, 2 * hourMs, bad);
    expect(after).toMatchObject({ status: "rolling-back", waveIndex: 1 });
    expect(after.pending.map(({ kind }) => kind).toSorted()).toEqual(["cancel", "halt-app", "plan-way-back"]);
  });
});
