import { describe, expect, it } from "vitest";
import type { Device, FleetBackend } from "../../src/fleet/fleet-backend.ts";
import { assertCanStage } from "../../src/rollout/assert-can-stage.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import type { Observed } from "../../src/rollout/engine/events.ts";
import { judgeGates } from "../../src/rollout/engine/gates.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { phasesOf } from "../../src/rollout/engine/release-kinds.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import {
  device,
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  outcome,
  planOf,
  progress,
  run,
  settle,
  stage,
  started,
  version,
  wave,
} from "../support/fan-rollout.ts";

const nowMs = 10 * hourMs;
const { resolved } = fanConfig();
const plan = planOf("stage fan 2.0.0", "introduce app 4.2.0", "introduce fan 2.0.0");

/** The new app and the new firmware refuse each other's old versions; the app drives the update. */
const config = fanConfig({
  plan,
  stages: [
    stage("canary", { waves: [wave({ kind: "percent", percent: 0 }, 10)], bakeMs: 0, gates: [] }),
    stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] }),
  ],
  resolved: {
    ...resolved,
    components: {
      ...resolved.components,
      app: version("app", "4.2.0", { requires: { fan: ">=2.0.0" }, bridges: { fan: ">=1.0.0" } }),
      fan: version("firmware", "2.0.0", { requires: { app: ">=4.2.0" } }),
    },
  },
});
const staged = (more: object = {}) => progress({ staged: true, ...more });
const population = (without: number): Observed["population"] => ({
  devices: 1000,
  versions: {},
  staging: { "fan@2.0.0 staged": { devices: 1000, without } },
});
const staging: RolloutState = { ...settle(started(config), 0), waveIndex: 1 };
const activating: RolloutState = {
  ...staging,
  phaseIndex: 1,
  waveIndex: 0,
  devices: fleetOf("a", 1, staged()),
};
const look = (state: RolloutState, devices: readonly Device[], outcomes = {}): Observed =>
  survey(state, { devices, outcomes, installed: {} }, relationOf(config), nowMs);
const seen = (id: string, app: string | null, more: Partial<Device> = {}): Device =>
  device(id, {
    lastContactAtMs: nowMs,
    pairedApps: app === null ? [] : [{ component: "app", version: app }],
    ...more,
  });

describe("a staged step", () => {
  it("is a phase of its own, and the next waits until the image lies ready", () => {
    expect(
      phasesOf(config).map(({ afterStaging, introductions }) => [introductions.length, afterStaging.length]),
    ).toEqual([
      [1, 0],
      [2, 1],
    ]);
    const ready: RolloutState = { ...staging, devices: fleetOf("a", 20, staged()) };
    const at = (without: number): RolloutState =>
      run(ready, 2 * hourMs, observed({ population: population(without) }));
    expect(at(10)).toMatchObject({ phaseIndex: 1, waveEntered: false });
    expect(describeRollout(at(10), 0).waitsFor).toBe("10 of 1000 devices to have fan@2.0.0 ready");
    expect(at(9)).toMatchObject({ phaseIndex: 1, waveEntered: true });
    const unknown = run(ready, 2 * hourMs, observed({ population: { devices: 9, versions: {} } }));
    expect(unknown).toMatchObject({ phaseIndex: 1, waveEntered: false });
  });

  it("asks no app, and assigns under a name of its own", () => {
    const found = look(staging, [seen("a", "4.1.0"), seen("done", null, { reportedVersion: "2.0.0" })]);
    expect(found.admissible).toEqual([
      { deviceId: "a", component: "fan", version: "2.0.0", staged: true, from: "1.9.4" },
    ]);
    const asked = run(staging, nowMs, found);
    expect(asked.pending).toMatchObject([{ assignmentId: "fan-1:fan@2.0.0:stage", staged: true }]);
    const canceled = run(asked, nowMs, { type: "aborted", by: "ann", reason: "" });
    expect(canceled.pending).toMatchObject([{ kind: "cancel", assignmentId: "fan-1:fan@2.0.0:stage" }]);
  });

  it("is done when the device keeps the image, whatever it runs", () => {
    const assigned = { ...staging, devices: { a: staged({ status: "assigned", heard: false }) } };
    const closed = outcome("a", { state: "succeeded", closedAtMs: nowMs - hourMs, reportedAtMs: nowMs });
    const outcomes = { "fan-1:fan@2.0.0:stage": [closed] };
    const found = look(
      assigned,
      [seen("a", "4.1.0"), seen("b", null), seen("x", null, { hardware: "x" })],
      outcomes,
    );
    expect(found.progress["a"]).toMatchObject({ status: "updated", silent: false });
    expect(found.population?.staging).toEqual({ "fan@2.0.0 staged": { devices: 2, without: 1 } });
    const view = describeRollout(run(assigned, nowMs, found), nowMs);
    expect(view.devices).toMatchObject({ staged: 1, updated: 0 });
    expect(view.steps[0]).toMatchObject({ staged: true, percent: 50 });
  });

  it("does not count devices that can never run the version", () => {
    const stuck = { component: "fan", version: "1.8.0", why: "" };
    const state = { ...staging, config: { ...config, plan: { ...plan, stuck: [stuck] } } };
    const found = look(state, [seen("a", null), seen("b", null, { reportedVersion: "1.8.0" })]);
    expect(found.population?.staging?.["fan@2.0.0 staged"]).toEqual({ devices: 1, without: 1 });
  });

  it("counts a device whose hardware is not known as one without the image", () => {
    const found = look(staging, [seen("a", null), seen("b", null, { hardware: "" })]);
    expect(found.population?.staging?.["fan@2.0.0 staged"]).toEqual({ devices: 2, without: 2 });
  });

  it("fails by devices that could not lay it ready, and says nothing of those that run it", () => {
    const devices = { ...fleetOf("bad", 9, staged({ status: "failed" })), ...fleetOf("good", 1, staged()) };
    const state = { ...staging, devices };
    expect(judgeGates(state, tallyOf(state))).toMatchObject([{ verdict: "fail", devices: 10, failures: 9 }]);
    const gates = { heartbeat: config.gates["heartbeat"]! };
    const stages = [stage("all", { ...config.stages[1]!, gates: ["heartbeat"] })];
    const quiet = { ...started({ ...config, gates, stages }), devices };
    expect(judgeGates(quiet, tallyOf(quiet))).toMatchObject([{ verdict: "not-applicable" }]);
    const ready = { ...activating, devices: fleetOf("ready", 50, staged()), waveIndex: 1 };
    expect(judgeGates(ready, tallyOf(ready)).map(({ verdict }) => verdict)).toEqual(["pass", "inconclusive"]);
  });

  it("is nothing to go back from", () => {
    const state = { ...staging, devices: fleetOf("a", 1, staged()) };
    const rolling = settle(run(state, 1, { type: "rollback-requested", by: "ann", reason: "" }), 1);
    const found = look(rolling, [seen("a-0", null)]);
    expect(found.returnable).toEqual([]);
    expect(run(rolling, 2, found).status).toBe("rolled-back");
  });
});

describe("the step that runs what was staged", () => {
  const given = (state: RolloutState, devices: readonly Device[]): string[] =>
    look(state, devices).admissible.map(
      ({ deviceId, staged: only }) => `${deviceId}${only ? " staged" : ""}`,
    );

  it("waits for no wave where the app has moved, and for its wave elsewhere", () => {
    expect(given(activating, [seen("a-0", "4.2.0")])).toEqual(["a-0"]);
    expect(given(activating, [seen("a-0", null)])).toEqual([]);
    expect(given({ ...activating, waveIndex: 1 }, [seen("a-0", null)])).toEqual(["a-0"]);
  });

  it("waits for the app, and for every other app of the device", () => {
    const both = ["4.1.0", "4.2.0"].map((of) => ({ component: "app", version: of }));
    expect(given({ ...activating, waveIndex: 1 }, [seen("a-0", "4.1.0")])).toEqual([]);
    expect(given(activating, [seen("a-0", null, { pairedApps: both })])).toEqual([]);
  });

  it("is also for who could not lay it ready; who comes late lays it ready first", () => {
    const failed = { ...activating, devices: { a: staged({ status: "failed" }) } };
    expect(given(failed, [seen("a", "4.2.0")])).toEqual(["a"]);
    const asked = run(failed, nowMs, look(failed, [seen("a", "4.2.0")]));
    expect(asked.devices["a"]).toMatchObject({ status: "assigned", earlier: { staged: true } });
    expect(given(activating, [seen("late", "4.1.0")])).toEqual(["late staged"]);
    expect(given(activating, [seen("late", "4.2.0")])).toEqual(["late"]);
  });
});

describe("a fleet that cannot stage", () => {
  const fleet = { name: "plain" } as unknown as FleetBackend;

  it("is refused before the rollout begins, where the plan needs it", () => {
    expect(() => assertCanStage(plan, fleet)).toThrow(
      expect.objectContaining({ code: "IOT_FLEET_CANNOT_STAGE", exit: 3 }),
    );
    expect(() => assertCanStage(planOf("introduce fan 2.0.0"), fleet)).not.toThrow();
    const able = { name: "able", stage: () => null } as unknown as FleetBackend;
    expect(() => assertCanStage(plan, able)).not.toThrow();
  });
});
