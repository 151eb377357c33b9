import { expect, it } from "vitest";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { updateDeadlineMs } from "../../src/rollout/engine/track-device.ts";
import {
  fanConfig,
  fleetOf,
  observed,
  planOf,
  run,
  confirm,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

const canary = stage("canary", {
  waves: [wave({ kind: "label", label: "ring", value: "canary", max: 2 }, 10)],
  bakeMs: 0,
  gates: [],
});
const fleet = stage("fleet", { waves: [wave({ kind: "percent", percent: 100 }, 100)], bakeMs: 0, gates: [] });
const config = fanConfig({ plan: planOf("introduce fan 2.0.0"), stages: [canary, fleet] });

const minuteMs = 60_000;

/** A look that offers the version to devices. */
const offer = (state: RolloutState, atMs: number, ...deviceIds: string[]): RolloutState => {
  const admissible = deviceIds.map((deviceId) => ({
    deviceId,
    component: "fan",
    version: "2.0.0",
    from: "1.9.4",
  }));
  return confirm(run(state, atMs, observed({ admissible })), atMs);
};

/** A look that sees devices updated. */
const update = (state: RolloutState, atMs: number, ...deviceIds: string[]): RolloutState => {
  const entries = deviceIds.map((deviceId) => [deviceId, { ...state.devices[deviceId]!, status: "updated" }]);
  return confirm(run(state, atMs, observed({ progress: Object.fromEntries(entries) })), atMs);
};

it("a wave without a bake still ends only after a look that offered it to its devices", () => {
  const begun = started(config);
  expect(begun).toMatchObject({ waveIndex: 0, waveEntered: true });
  const canaries = update(offer(begun, 1, "canary-1", "canary-2"), 2, "canary-1", "canary-2");
  expect(canaries).toMatchObject({ status: "running", waveIndex: 1, waveEntered: true });
  // Nothing that is not a look of the new wave ends it, at whatever time it comes.
  const approved = run(canaries, 1000, {
    type: "approved",
    stage: "fleet",
    by: "ana",
    reason: "",
    planDigest: config.planDigest,
  });
  expect(approved).toMatchObject({ status: "running", waveIndex: 1 });
  const all = update(offer(approved, 2000, "fan-1", "fan-2"), 3000, "fan-1", "fan-2");
  expect(all.status).toBe("completed");
  expect(Object.keys(all.devices)).toEqual(["canary-1", "canary-2", "fan-1", "fan-2"]);
});

it("a wave gives its devices time to begin, and does not wait for those that sleep on", () => {
  const offered = offer(started(config), 1, "canary-1", "canary-2");
  const half = update(offered, minuteMs, "canary-1");
  expect(half).toMatchObject({ waveIndex: 0 });
  const before = update(half, 10 * minuteMs);
  expect(before).toMatchObject({ waveIndex: 0 });
  expect(update(before, 10 * minuteMs + 1)).toMatchObject({ waveIndex: 1 });
});

it("a wave of a large fleet ends though somebody is always in the middle of an update", () => {
  const deadlineMs = updateDeadlineMs(config.gates);
  const offered = offer(started(config), 1, "canary-1", "canary-2");
  const half = update(offered, minuteMs, "canary-1");
  const latecomer = { ...half.devices["canary-2"]!, status: "updating" as const, beganAtMs: deadlineMs - 1 };
  const busy = run(half, deadlineMs - 1, observed({ progress: { "canary-2": latecomer } }));
  expect(busy).toMatchObject({ waveIndex: 0 });
  expect(update(busy, deadlineMs + 1)).toMatchObject({ waveIndex: 1 });
});

it("a device that a phone holds back is not waited for", () => {
  const offered = offer(started(config), 1, "canary-1", "canary-2");
  const held = { ...offered.devices["canary-2"]!, reason: "app 4.0.0 does not fit" };
  const looked = run(offered, 2, observed({ progress: { "canary-2": held } }));
  expect(update(looked, 3, "canary-1")).toMatchObject({ waveIndex: 1 });
});

it("a look that changes nothing else is written down once for a wave, and no more", () => {
  const state = offer(started({ ...config, stages: [{ ...canary, bakeMs: 1000 }, fleet] }), 1);
  expect(state).toMatchObject({ waveIndex: 0, waveSurveyed: true });
  const same = observed({ population: null });
  expect(run(state, 2, same)).toBe(state);
  const done = offer(offer(state, 1001), 1002);
  expect(done.status).toBe("completed");
  expect(run(done, 1003, same)).toBe(done);
});

it("a stage that begins with a gate that fails gives nobody anything, nor do the books say so", () => {
  const strict = { ...fleet, gates: ["updated"], approvalsRequired: 1 };
  const waiting: RolloutState = {
    ...confirm(started({ ...config, stages: [canary, strict] }), 0),
    devices: fleetOf("bad", 20, { status: "failed" }),
    waveIndex: 1,
    waveEntered: false,
    approvals: [{ stage: "fleet", by: "ann", reason: "", atMs: 0 }],
  };
  const admissible = [{ deviceId: "late", component: "fan", version: "2.0.0", from: "1.9.4" }];
  const { pending, ...stopped } = run(waiting, 1, observed({ admissible }));
  expect(stopped).toMatchObject({ status: "rolling-back", failure: { gate: "updated" } });
  expect(Object.keys(stopped.devices)).not.toContain("late");
  expect(pending.map(({ kind }) => kind)).not.toContain("assign");
});
