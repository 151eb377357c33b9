// What rollouts of others did to devices, each kept from happening here.
import { describe, expect, it } from "vitest";
import type { Device, DeviceOutcome } from "../../../src/fleet/fleet-backend.ts";
import type { Freeze } from "../../../src/manifest/environment.ts";
import type { TimeWindow } from "../../../src/manifest/release.ts";
import { cohortSalt, inCohort } from "../../../src/rollout/engine/cohort.ts";
import { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import { relationOf } from "../../../src/rollout/engine/known-versions.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import { survey } from "../../../src/rollout/engine/survey.ts";
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
} from "../../support/fan-rollout.ts";

const everybody = [wave({ kind: "percent", percent: 100 }, 0)];
const plan = planOf("introduce fan 2.0.0");
const forward = "fan-1:fan@2.0.0";
const ids = Array.from({ length: 3000 }, (_, index) => `fan-${index}`);

function begun(more: Parameters<typeof fanConfig>[0] = {}, atMs = 0): RolloutState {
  return settle(
    started(fanConfig({ plan, stages: [stage("all", { waves: everybody })], ...more }), atMs),
    atMs,
  );
}

/** One look at the field, decided. */
function look(
  state: RolloutState,
  nowMs: number,
  devices: readonly Device[],
  outcomes: readonly DeviceOutcome[] = [],
): RolloutState {
  const snapshot = { devices, outcomes: { [forward]: outcomes }, installed: { app: null } };
  return run(state, nowMs, survey(state, snapshot, relationOf(state.config), nowMs));
}

describe("a cohort", () => {
  const members = (version: string, percent: number): string[] =>
    ids.filter((id) => inCohort(id, cohortSalt({ product: "fan", version }), percent));

  it("has no hundred-and-first part that nobody is in (Trezor: 100 % left one out)", () => {
    expect(members("1.0.0", 100)).toHaveLength(ids.length);
    expect(members("1.0.0", 0)).toEqual([]);
    for (let percent = 1; percent <= 100; percent++) {
      const [fewer, more] = [new Set(members("1.0.0", percent - 1)), members("1.0.0", percent)];
      expect(more.length, `${percent}%`).toBeGreaterThan(fewer.size);
      expect(
        more.filter((id) => fewer.has(id)),
        `${percent}%`,
      ).toHaveLength(fewer.size);
    }
  });

  it("is the same when the same release is begun anew (LaunchDarkly: a restart draws others)", () => {
    const stages = [stage("some", { waves: [wave({ kind: "percent", percent: 10 }, 0)] })];
    const fleet = ids.map((id) => device(id));
    const given = ["fan-1", "fan-1-2"].map((rolloutId) =>
      Object.keys(look(begun({ rolloutId, stages }), 1, fleet).devices).toSorted(),
    );
    expect(given[0]!.length).toBeGreaterThan(200);
    expect(given[1]).toEqual(given[0]);
  });
});

describe("a deadline", () => {
  const updating = progress({ status: "updating", beganAtMs: 0, heard: false });

  it("fires for who began and was not done, whoever else speaks (Argo Rollouts #4128, hawkBit #693)", () => {
    const state = run(begun(), 1, observed({ progress: { a: updating } }));
    const chatty = device("a", { lastContactAtMs: 7 * hourMs, activeAssignmentId: forward });
    const busy = outcome("a", { state: "installing", lastContactAtMs: 7 * hourMs });
    expect(look(state, 5 * hourMs, [chatty], [busy]).devices["a"]).toMatchObject({ status: "updating" });
    expect(look(state, 7 * hourMs, [chatty], [busy]).devices["a"]).toMatchObject({ status: "failed" });
    // Nor does it help to vanish from the backend.
    expect(look(state, 7 * hourMs, []).devices["a"]).toMatchObject({ status: "failed" });
  });

  it("fires while the rollout is paused, waits for people or is in a freeze, and stops it", () => {
    const stuck = Object.fromEntries(ids.slice(0, 60).map((id) => [id, updating]));
    const fleet = Object.keys(stuck).map((id) => device(id, { activeAssignmentId: forward }));
    const outcomes = Object.keys(stuck).map((id) => outcome(id, { state: "installing" }));
    const state = run(begun(), 1, observed({ progress: stuck }));
    const freezes: Freeze[] = [{ fromMs: 0, untilMs: 1e12, why: "the end of the year" }];
    for (const event of [
      { type: "paused", by: "ann", reason: "" },
      { type: "freezes-changed", freezes },
    ] as const) {
      const held = run(state, 2, event);
      expect(look(held, 7 * hourMs, fleet, outcomes), event.type).toMatchObject({
        status: "rolling-back",
        failure: { gate: "updated" },
      });
    }
  });
});

describe("success", () => {
  const given = (): RolloutState =>
    run(
      begun(),
      1,
      observed({ progress: { a: progress({ status: "assigned", beganAtMs: null, heard: false }) } }),
    );

  it("is what a device runs, not what it says (hawkBit #3185: success before the boot)", () => {
    const said = outcome("a", {
      state: "succeeded",
      closedAtMs: 10,
      reportedAtMs: 20,
      reportedVersion: "1.9.4",
    });
    const seen = look(given(), hourMs, [device("a", { lastContactAtMs: 20 })], [said]);
    expect(seen.devices["a"]).toMatchObject({
      status: "failed",
      reason: "said it succeeded, but runs 1.9.4",
    });
  });

  it("is not to have fallen silent after it: who took the update and went away has failed", () => {
    const closed = outcome("a", {
      state: "succeeded",
      closedAtMs: 10,
      reportedVersion: "2.0.0",
      lastContactAtMs: 10,
    });
    const gone = device("a", { reportedVersion: "2.0.0", lastContactAtMs: 10 });
    expect(look(given(), hourMs, [gone], [closed]).devices["a"]).toMatchObject({
      heard: false,
      silent: false,
    });
    expect(look(given(), 3 * hourMs, [gone], [closed]).devices["a"]).toMatchObject({
      heard: false,
      silent: true,
    });
  });

  it("is nobody's who had the version before (hawkBit #735: a rollout is finished at once)", () => {
    const there = ids
      .slice(0, 500)
      .map((id) => device(id, { reportedVersion: "2.0.0", lastContactAtMs: hourMs }));
    const seen = [2, 3, 4].reduce((state, hour) => look(state, hour * hourMs, there), begun());
    expect(describeRollout(seen, 4 * hourMs).gates).toMatchObject([
      { name: "updated", devices: 0, verdict: "inconclusive" },
    ]);
    expect(seen).toMatchObject({ status: "running", waveIndex: 0, devices: {} });
  });
});

describe("a window and a freeze", () => {
  const night: TimeWindow = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 60, untilMinute: 120, zone: "UTC" };
  const halves = [50, 100].map((percent) => wave({ kind: "percent", percent }, 0));
  const at = (hours: number): number => hours * hourMs;
  const state = begun({ stages: [stage("all", { waves: halves, windows: [night], bakeMs: 0 })] }, at(1.2));
  const fleet = ids.slice(0, 100).map((id) => device(id, { lastContactAtMs: at(1) }));

  it("that is shut gives nobody anything, and lets what began go on", () => {
    expect(state.waveEntered).toBe(true);
    expect(Object.keys(look(state, at(3), fleet).devices)).toEqual([]);
    const inside = look(state, at(1.5), fleet);
    const given = Object.keys(inside.devices);
    expect(given.length).toBeGreaterThan(20);
    const done = given.map((id) =>
      outcome(id, { state: "succeeded", closedAtMs: at(3), reportedVersion: "2.0.0" }),
    );
    const updated = fleet.map((each) =>
      given.includes(each.id) ? { ...each, reportedVersion: "2.0.0", lastContactAtMs: at(3.2) } : each,
    );
    const outside = look(settle(inside, at(1.5)), at(3.5), updated, done);
    expect(Object.values(outside.devices).every(({ status }) => status === "updated")).toBe(true);
    // The gate passes and nothing bakes, yet the next wave waits for the next night.
    expect(outside).toMatchObject({ status: "running", waveIndex: 1, waveEntered: false });
    expect(look(outside, at(20), updated, done)).toMatchObject({ waveIndex: 1, waveEntered: false });
    expect(look(outside, at(25.5), updated, done)).toMatchObject({ waveIndex: 1, waveEntered: true });
  });

  it("that shuts on what was decided and not done takes it off the list", () => {
    const decided = look(state, at(1.5), fleet);
    expect(decided.pending).toMatchObject([{ kind: "assign" }]);
    // The process was killed, and runs again when the window is shut.
    const later = look(decided, at(3), fleet);
    expect(later.pending).toEqual([]);
    expect(later.devices).toEqual({});
    expect(look(later, at(25.5), fleet).pending).toMatchObject([{ kind: "assign" }]);
  });

  it("holds nobody back from stopping and going back (nobody is awake when the long pause ends: Argo Rollouts #2906)", () => {
    const inside = run(
      settle(look(state, at(1.5), fleet), at(1.5)),
      at(1.6),
      observed({ progress: fleetOf("well", 20) }),
    );
    for (const [type, status] of [
      ["aborted", "aborted"],
      ["rollback-requested", "rolling-back"],
    ] as const) {
      const stopped = run(inside, at(5), { type, by: "ann", reason: "" });
      expect(stopped.status).toBe(status);
      expect(stopped.pending).toContainEqual(expect.objectContaining({ kind: "cancel" }));
    }
    const freezes = [{ fromMs: 0, untilMs: at(1000), why: "the end of the year" }];
    const asked = run(
      inside,
      at(5),
      { type: "freezes-changed", freezes },
      { type: "rollback-requested", by: "ann", reason: "" },
    );
    const wayBack = { open: { fan: ["1.9.4"] }, closed: [] };
    const planned = run(
      asked,
      at(5),
      ...asked.pending.map(({ key }) => ({ type: "effect-done", key, wayBack }) as const),
    );
    const returnable = [{ deviceId: "well-0", component: "fan", to: "1.9.4" }];
    expect(run(planned, at(6), observed({ returnable })).pending).toMatchObject([
      { kind: "assign", rollback: true, deviceIds: ["well-0"] },
    ]);
  });
});
