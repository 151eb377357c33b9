import { describe, expect, it } from "vitest";
import type { Device, DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import { assignmentIdOf } from "../../src/rollout/engine/effects.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { Observed } from "../../src/rollout/engine/events.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
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
  wave,
} from "../support/fan-rollout.ts";

const forward = "fan-1:fan@2.0.0";
const backward = "fan-1:fan@1.9.4:back";
const nowMs = 10 * hourMs;
const by = { by: "ann", reason: "" };
const everybody = fanConfig({
  stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] })],
});
const begun = settle(started(everybody), 0);

function look(
  state: RolloutState,
  devices: readonly Device[],
  outcomes: Readonly<Record<string, readonly DeviceOutcome[]>> = {},
  app: Record<string, number> | null = null,
): Observed {
  return survey(state, { devices, outcomes, installed: { app } }, relationOf(state.config), nowMs);
}

const ids = (found: readonly { deviceId: string }[]): string[] => found.map(({ deviceId }) => deviceId);
const paired = (version: string): Partial<Device> => ({ pairedApps: [{ component: "app", version }] });

describe("who may be next", () => {
  it("is who is in the wave, runs something older and passes the gate; the others wait with a reason", () => {
    const seen = look(begun, [
      device("fits"),
      device("old-app", paired("4.0.0")),
      device("busy", { activeAssignmentId: "another" }),
      device("done", { reportedVersion: "2.0.0" }),
      device("other-model", { hardware: "b2" }),
      device("unknown", { reportedVersion: null }),
    ]);
    expect(ids(seen.admissible)).toEqual(["fits"]);
    expect(Object.keys(seen.waits ?? {}).toSorted()).toEqual(["busy", "old-app", "unknown"]);
    expect(seen.waits?.["old-app"]).toContain("fan@2.0.0 requires app >=4.1.0");
  });

  it("is nobody twice, and nobody who is in already", () => {
    const taken = run(begun, 1, look(begun, [device("a")]));
    expect(look(taken, [device("a")]).admissible).toEqual([
      { deviceId: "a", component: "fan", version: "2.0.0", from: "1.9.4" },
    ]);
    const outcomes = { [forward]: [outcome("a")] };
    expect(look(settle(taken, 1), [device("a")], outcomes).admissible).toEqual([]);
  });

  it("is bounded for each firmware by itself", () => {
    const { fan } = everybody.resolved.components;
    if (!fan) throw new Error("the fan is missing");
    const hub = { ...fan, artifacts: fan.artifacts.map((each) => ({ ...each, hardware: "hub" })) };
    const config = fanConfig({
      plan: planOf("introduce fan 2.0.0", "introduce hub 2.0.0"),
      resolved: { ...everybody.resolved, components: { ...everybody.resolved.components, hub } },
    });
    const labels = { ring: "canary" };
    const devices = ["a1", "hub"].flatMap((hardware) =>
      [1, 2, 3].map((index) => device(`${hardware}-${index}`, { hardware, labels })),
    );
    const seen = look(settle(started(config), 0), devices);
    expect(seen.admissible.filter(({ component }) => component === "fan")).toHaveLength(2);
    expect(seen.admissible.filter(({ component }) => component === "hub")).toHaveLength(2);
  });

  it("meets the old and the new service until the new one is confirmed", () => {
    const { cloud } = everybody.resolved.components;
    if (!cloud) throw new Error("the cloud is missing");
    const components = { ...everybody.resolved.components, cloud: { ...cloud, requires: { fan: "<2.0.0" } } };
    const config = { ...everybody, resolved: { ...everybody.resolved, components } };
    const deploying = started(config);
    expect(deploying.pending).toMatchObject([{ kind: "deploy-service" }]);
    const seen = look(deploying, [device("a")]);
    expect(seen.admissible).toEqual([]);
    expect(seen.waits?.["a"]).toContain("cloud@5.2.0 does not fit fan@2.0.0");
  });
});

describe("what a crash or a pause leaves", () => {
  const deciding = run(begun, 1, look(begun, [device("a"), device("b"), device("c")]));

  it("is asked about anew where the backend does not know of it", () => {
    const devices = [device("a"), device("b", paired("4.0.0")), device("c", paired("4.0.0"))];
    // The assignment had reached c before the crash.
    const seen = look(deciding, devices, { [forward]: [outcome("c")] });
    expect(seen.lapsed).toEqual(["b"]);
    expect(Object.keys(run(deciding, 2, seen).devices).toSorted()).toEqual(["a", "c"]);
  });

  it("is asked about anew on the way back, too", () => {
    const updated = { ...begun, devices: fleetOf("a", 1) };
    const rolling = settle(run(updated, 1, { type: "rollback-requested", ...by }), 1);
    const returning = run(rolling, 2, look(rolling, [device("a-0", { reportedVersion: "2.0.0" })]));
    expect(returning.pending).toMatchObject([{ kind: "assign", rollback: true }]);
    const app = { pairedApps: [{ component: "app", version: "4.2.0" }], reportedVersion: "2.0.0" };
    const { resolved } = everybody;
    const strict = {
      ...resolved.components,
      app: { ...resolved.components["app"]!, requires: { fan: ">=2.0.0" } },
    };
    const config = { ...everybody, resolved: { ...resolved, components: strict } };
    const seen = look({ ...returning, config }, [device("a-0", app)]);
    expect(seen.lapsed).toEqual(["a-0"]);
    expect(run(returning, 3, seen)).toMatchObject({ returning: {}, pending: [] });
  });
});

describe("who goes back", () => {
  const rolling = (devices: RolloutState["devices"], more: Partial<RolloutState> = {}): RolloutState => ({
    ...settle(run({ ...begun, devices }, 1, { type: "rollback-requested", ...by }), 1),
    ...more,
  });
  const updated = rolling(fleetOf("a", 1));
  const there = { reportedVersion: "2.0.0", lastContactAtMs: nowMs };

  it("is who was updated, to the version it had; also who says it failed and runs the new one", () => {
    expect(look(updated, [device("a-0", there)]).returnable).toEqual([
      { deviceId: "a-0", component: "fan", to: "1.9.4" },
    ]);
    const modest = rolling({ a: progress({ status: "failed" }), b: progress({ status: "failed" }) });
    expect(ids(look(modest, [device("a", there), device("b")]).returnable)).toEqual(["a"]);
  });

  it("is nobody whose phones need the new version, and that is said", () => {
    const config = fanConfig();
    const needy = { ...config.resolved.components["app"]!, requires: { fan: ">=2.0.0" } };
    const strict = {
      ...config,
      resolved: { ...config.resolved, components: { ...config.resolved.components, app: needy } },
    };
    const phone = device("a-0", { ...there, pairedApps: [{ component: "app", version: "4.2.0" }] });
    const seen = look({ ...updated, config: strict }, [phone]);
    expect(seen.returnable).toEqual([]);
    expect(run(updated, 2, seen)).toMatchObject({ status: "rolled-back" });
    expect(seen.waits?.["a-0"]).toContain("app@4.2.0 does not fit fan@1.9.4");
    // Where pairing is not observed, any phone may come along.
    const anyPhone = { ...updated, config: { ...strict, pairing: "arbitrary" as const } };
    expect(look(anyPhone, [device("a-0", there)], {}, { "4.1.0": 5 }).returnable).toHaveLength(1);
    expect(look(anyPhone, [device("a-0", there)], {}, { "4.1.0": 5, "4.2.0": 1 }).returnable).toEqual([]);
    expect(
      look({ ...anyPhone, exposed: { "app@4.2.0": 10 } }, [device("a-0", there)], {}, { "4.1.0": 5 })
        .returnable,
    ).toEqual([]);
  });

  it("does not keep the way back open by sleeping or by having vanished, and that is said", () => {
    const returning = { "a-0": progress({ status: "assigned", heard: false, beganAtMs: null }) };
    const asleep = rolling(fleetOf("a", 1), { returning });
    const outcomes = { [backward]: [outcome("a-0")] };
    const awake = look(asleep, [device("a-0", there)], outcomes);
    expect(run(asleep, 2, awake).status).toBe("rolling-back");
    const sleeping = look(
      asleep,
      [device("a-0", { ...there, lastContactAtMs: nowMs - 3 * hourMs })],
      outcomes,
    );
    expect(sleeping.waits?.["a-0"]).toBe("not heard of for 2h; it goes back when it wakes");
    const nextYear = device("a-0", { ...there, lastContactAtMs: nowMs + 9000 * hourMs });
    expect(look(asleep, [nextYear], outcomes).waits).toEqual(sleeping.waits);
    expect(run(asleep, 2, sleeping).status).toBe("rolled-back");
    for (const state of [asleep, updated]) {
      const gone = look(state, [device("another")]);
      expect(gone.waits).toEqual({ "a-0": "the fleet does not list it any more" });
      expect(run(state, 2, gone).status).toBe("rolled-back");
      // Who lists nobody at all has not told of anybody.
      expect(run(state, 2, look(state, [])).status).toBe("rolling-back");
    }
  });

  it("does not keep the way back open by never beginning with it", () => {
    const returning = { "a-0": progress({ version: "1.9.4", status: "assigned", heard: false }) };
    const asleep = rolling(fleetOf("a", 1), { returning });
    const idle = device("a-0", { ...there, lastContactAtMs: nowMs });
    const given = (atMs: number) =>
      look(asleep, [idle], { [backward]: [outcome("a-0", { assignedAtMs: atMs })] });
    expect(run(asleep, 2, given(nowMs - 5 * hourMs)).status).toBe("rolling-back");
    expect(given(nowMs - 7 * hourMs).waits?.["a-0"]).toContain("has not begun to go back within 6h");
    expect(run(asleep, 2, given(nowMs - 7 * hourMs)).status).toBe("rolled-back");
  });

  it("is not joined by devices that wait to go forward", () => {
    const seen = look(updated, [device("a-0", there), device("b", paired("4.0.0")), device("c")]);
    expect(seen.admissible).toEqual([]);
    expect(seen.waits).toBeUndefined();
  });
});

describe("a look", () => {
  it("that shows nothing new is nothing new", () => {
    const devices = [device("a", { lastContactAtMs: nowMs }), device("b", paired("4.0.0"))];
    const once = settle(run(begun, nowMs, look(begun, devices)), nowMs);
    const again = look(once, devices, { [forward]: [outcome("a")] });
    expect(again).toEqual({ ...observed({ population: null }) });
    expect(run(once, nowMs, again)).toBe(once);
  });
});

describe("the name of an assignment", () => {
  it("holds only what backends take, and tells versions apart", () => {
    const id = assignmentIdOf("fan-1.0.0+build.7", { component: "fan", version: "2.0.0+7" }, true);
    expect(id).toMatch(/^[A-Za-z0-9._:@-]+$/);
    expect(id).not.toBe(assignmentIdOf("fan-1.0.0+build.7", { component: "fan", version: "2.0.0-7" }, true));
    expect(id).not.toBe(assignmentIdOf("fan-1.0.0+build.7", { component: "fan", version: "2.0.0+7" }, false));
  });
});
