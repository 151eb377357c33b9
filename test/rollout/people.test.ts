import { describe, expect, it } from "vitest";
import type { Consent, RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planDigest,
  planOf,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

const everybody = [wave({ kind: "percent", percent: 100 }, 100)];
const plan = planOf("introduce fan 2.0.0");
const good = observed({ progress: fleetOf("fan", 30) });

/** Canary is over and good; the fleet waits for two people. */
function waiting(more: Partial<Parameters<typeof stage>[1]> = {}): RolloutState {
  const stages = [
    stage("canary", { waves: [wave({ kind: "percent", percent: 10 }, 10)] }),
    stage("fleet", { waves: everybody, approvalsRequired: 2, ...more }),
  ];
  return run(settle(started(fanConfig({ stages, plan })), 0), 2 * hourMs, good);
}

function says(by: string, type: Consent["type"], more: Partial<Consent> = {}): RolloutEvent {
  return { type, stage: "fleet", planDigest, by, reason: "", statement: "{}", ...more };
}

/** What people said, then a look. */
function after(state: RolloutState, ...said: RolloutEvent[]): RolloutState {
  return run(run(state, 3 * hourMs, ...said), 3 * hourMs + 1, observed());
}

it("the end of a bake time is for the wave of one phase, and not for its namesake of the next", () => {
  const state = started(fanConfig());
  const skip = {
    type: "bake-skipped",
    stage: "canary",
    wave: "canary",
    planDigest,
    by: "ann",
    reason: "",
  } as const;
  expect(run(state, 1, { ...skip, phase: 2 })).toBe(state);
  expect(run(state, 1, { ...skip, phase: 1 }).bakeSkipped).toBe(true);
});

describe("approval", () => {
  it("takes as many people as the stage asks for, each once", () => {
    const state = waiting();
    expect(state.status).toBe("awaiting-approval");
    expect(after(state, says("ann", "approved"), says("ann", "approved")).status).toBe("awaiting-approval");
    expect(after(state, says("ann", "approved"), says("bob", "approved"))).toMatchObject({
      status: "running",
      waveIndex: 1,
      waveEntered: true,
    });
  });

  it("begins nothing before the field was looked at", () => {
    const approved = run(waiting(), 3 * hourMs, says("ann", "approved"), says("bob", "approved"));
    expect(approved.waveEntered).toBe(false);
  });

  it("is held by one no, until that person says yes", () => {
    const denied = after(waiting(), says("ann", "approved"), says("bob", "approved"), says("bob", "denied"));
    // Bob changed his mind before anybody looked.
    expect(denied).toMatchObject({ status: "awaiting-approval", waveEntered: false });
    const more = after(denied, says("carol", "approved"));
    expect(more.status).toBe("awaiting-approval");
    expect(after(more, says("bob", "approved"))).toMatchObject({ status: "running", waveEntered: true });
  });

  it("for another plan or a stage that is not there counts for nothing", () => {
    const state = waiting();
    expect(run(state, 1, says("ann", "approved", { planDigest: "sha256:other" }))).toBe(state);
    expect(run(state, 1, says("ann", "approved", { stage: "moon" }))).toBe(state);
  });
});

describe("skip-bake", () => {
  const stages = [
    stage("canary", { waves: [wave({ kind: "percent", percent: 10 }, 10)], bakeMs: 10 * hourMs }),
    stage("fleet", { waves: everybody }),
  ];
  const baking = settle(started(fanConfig({ stages, plan })), 0);
  const skip = (more: Partial<Consent> = {}): RolloutEvent =>
    says("ann", "bake-skipped", { stage: "canary", wave: "canary", ...more });

  it("ends the bake time of the wave under way, and of no other", () => {
    expect(run(baking, hourMs, good, observed())).toMatchObject({ waveIndex: 0 });
    const skipped = run(baking, hourMs, skip(), good, observed());
    expect(skipped).toMatchObject({ waveIndex: 1, bakeSkipped: false });
    expect(run(baking, hourMs, skip({ wave: "fleet" }))).toBe(baking);
    expect(run(baking, hourMs, skip({ stage: "fleet" }))).toBe(baking);
  });

  it("skips no gate", () => {
    const few = observed({ progress: fleetOf("fan", 1) });
    expect(run(baking, hourMs, skip(), few, observed())).toMatchObject({ waveIndex: 0, bakeSkipped: true });
  });
});

describe("a window", () => {
  const nine = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 9 * 60, untilMinute: 10 * 60, zone: "UTC" };

  it("holds a stage that was approved until it opens, also at night", () => {
    const state = waiting({ windows: [nine] });
    const approved = after(state, says("ann", "approved"), says("bob", "approved"));
    expect(approved).toMatchObject({ status: "running", waveIndex: 1, waveEntered: false });
    expect(run(approved, 9 * hourMs, observed())).toMatchObject({ waveIndex: 1, waveEntered: true });
  });

  it("lets no device begin once it has closed, and gives it its turn when it opens again", () => {
    const stages = [stage("fleet", { waves: everybody, windows: [nine], bakeMs: 0 })];
    const asked = run(started(fanConfig({ stages, plan })), 9 * hourMs, observed());
    expect(asked.waveEntered).toBe(true);
    const offer = observed({
      admissible: [{ deviceId: "late", component: "fan", version: "2.0.0", from: "1.9.4" }],
    });
    const shut = run(asked, 10 * hourMs, offer);
    expect(shut.devices).toEqual({});
    expect(shut.waveSurveyed).toBe(false);
    expect(Object.keys(run(shut, 33 * hourMs, offer).devices)).toEqual(["late"]);
  });

  it("disarms nothing: a gate that fails while it is closed stops the rollout", () => {
    const approved = after(waiting({ windows: [nine] }), says("ann", "approved"), says("bob", "approved"));
    const bad = observed({ progress: fleetOf("bad", 40, { status: "failed" }) });
    expect(run(approved, 20 * hourMs, bad).status).toBe("rolling-back");
  });
});

it("a freeze that comes during a rollout holds what is new, and ends by itself", () => {
  const freeze = { fromMs: 0, untilMs: 5 * hourMs, why: "year end" };
  const stages = [stage("canary", { waves: everybody, bakeMs: 0 }), stage("fleet", { waves: everybody })];
  const canary = settle(started(fanConfig({ stages, plan })), 0);
  const held = run(canary, hourMs, { type: "freezes-changed", freezes: [freeze] }, good, observed());
  expect(held).toMatchObject({ waveIndex: 1, waveEntered: false });
  expect(run(held, 5 * hourMs, good, observed())).toMatchObject({ waveIndex: 1, waveEntered: true });
});
