// What approvals of others let happen, each kept from happening here.
import { describe, expect, it } from "vitest";
import { exitOfRollout } from "../../../src/cli/render/exit-of-rollout.ts";
import { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import type { Consent, RolloutEvent } from "../../../src/rollout/engine/events.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
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
} from "../../support/fan-rollout.ts";

const everybody = wave({ kind: "percent", percent: 100 }, 100);
const stages = [
  stage("canary", { waves: [wave({ kind: "percent", percent: 10 }, 0)] }),
  stage("fleet", { waves: [everybody], approvalsRequired: 2, bakeMs: 5 * hourMs }),
  stage("all", { waves: [everybody], approvalsRequired: 1 }),
];
const word = (type: Consent["type"], by: string, more: Partial<Consent> = {}): Consent => ({
  type,
  stage: "fleet",
  planDigest,
  by,
  reason: "looks good",
  ...more,
});
const approved = (by: string, more: Partial<Consent> = {}): Consent => word("approved", by, more);
const denied = (by: string): Consent => word("denied", by);
const skip = (stageName: string, waveName: string): Consent =>
  word("bake-skipped", "ann", { stage: stageName, wave: waveName });
const bad = observed({ progress: fleetOf("bad", 60, { status: "failed" }) });

const canary = run(
  settle(started(fanConfig({ stages, plan: planOf("introduce fan 2.0.0") })), 0),
  1,
  observed({ progress: fleetOf("good", 20) }),
);
const awaiting = run(canary, 2 * hourMs, observed());

/** What comes of it at the next look. */
function after(state: RolloutState, ...events: RolloutEvent[]): string {
  const { status, waveEntered, waveIndex } = run(state, 3 * hourMs, ...events, observed());
  return `${status}, wave ${waveIndex}${waveEntered ? "" : " to come"}`;
}
const held = "awaiting-approval, wave 1 to come";
const goesOn = "running, wave 1";

describe("an approval", () => {
  it("counts once per person, whatever else is said", () => {
    expect(after(awaiting)).toBe(held);
    expect(after(awaiting, approved("ann"), approved("ann", { reason: "once more" }))).toBe(held);
    expect(after(awaiting, approved("ann"), approved("bob"))).toBe(goesOn);
  });

  it("is for one plan: one that was given to another is void", () => {
    const foreign = { planDigest: "sha256:another" };
    expect(after(awaiting, approved("ann"), approved("bob", foreign))).toBe(held);
  });

  it("is for one stage, and no later one goes on by it", () => {
    expect(after(awaiting, approved("ann"), approved("bob", { stage: "all" }))).toBe(held);
    const fleet = run(awaiting, 3 * hourMs, approved("ann"), approved("bob"), observed());
    const over = run(run(fleet, 3 * hourMs + 1, observed()), 9 * hourMs, observed());
    expect(over).toMatchObject({ status: "awaiting-approval", waveIndex: 2, waveEntered: false });
  });

  it("may be given before it is asked for, and disarms no gate (Flagger #1801)", () => {
    const early = run(canary, 1, approved("ann"), approved("bob"));
    expect(early).toMatchObject({ status: "running", waveIndex: 0 });
    expect(run(early, hourMs - 1, observed())).toMatchObject({ waveIndex: 0 });
    expect(run(early, 2, bad)).toMatchObject({ status: "rolling-back", failure: { gate: "updated" } });
  });

  it("of a stage whose gate has turned doubtful waits for the gate", () => {
    const doubtful = observed({ progress: fleetOf("bad", 8, { status: "failed" }) });
    expect(after(awaiting, doubtful, approved("ann"), approved("bob"))).toBe("running, wave 1 to come");
  });

  it("of what has failed revives nothing", () => {
    const failed = run(awaiting, 3 * hourMs, bad);
    expect(after(failed, approved("ann"), approved("bob"))).toBe("rolling-back, wave 1 to come");
  });
});

describe("a no", () => {
  it("holds the stage, however many said yes, until the same person says otherwise", () => {
    const many = ["ann", "bob", "eve"].map((by) => approved(by));
    expect(after(awaiting, ...many, denied("joe"))).toBe(held);
    expect(after(awaiting, denied("joe"), ...many)).toBe(held);
    expect(after(awaiting, denied("joe"), ...many, approved("ann", { reason: "do it" }))).toBe(held);
    expect(after(awaiting, denied("joe"), ...many, approved("joe"))).toBe(goesOn);
  });

  it("takes back one's own yes, and stops nothing that has begun", () => {
    expect(after(awaiting, approved("ann"), denied("ann"), approved("bob"))).toBe(held);
    const fleet = run(awaiting, 3 * hourMs, approved("ann"), approved("bob"), observed());
    expect(after(fleet, denied("ann"))).toBe(goesOn);
    expect(run(fleet, 4 * hourMs, denied("ann"), bad).status).toBe("rolling-back");
  });
});

describe("skipping the bake time", () => {
  const fleet = run(awaiting, 3 * hourMs, approved("ann"), approved("bob"), observed());
  const over = (state: RolloutState, ...events: RolloutEvent[]): boolean =>
    run(state, 4 * hourMs, ...events, observed()).waveIndex > 1;

  it("ends it for the wave it was said of, and for no other", () => {
    expect(over(fleet)).toBe(false);
    expect(over(fleet, skip("fleet", "fleet"))).toBe(true);
    expect(over(fleet, skip("canary", "canary"))).toBe(false);
    expect(over(fleet, skip("fleet", "all"))).toBe(false);
    // Said of the wave before, it is not kept for this one.
    const early = run(
      canary,
      2,
      skip("canary", "canary"),
      observed(),
      approved("ann"),
      approved("bob"),
      observed(),
    );
    expect(early).toMatchObject({ waveIndex: 1, waveEntered: true, bakeSkipped: false });
    expect(over(early)).toBe(false);
  });

  it("skips no gate and no approval", () => {
    const doubtful = observed({ progress: fleetOf("bad", 8, { status: "failed" }) });
    expect(over(fleet, doubtful, skip("fleet", "fleet"))).toBe(false);
    const skipped = run(fleet, 4 * hourMs, skip("fleet", "fleet"), observed());
    expect(skipped).toMatchObject({ status: "awaiting-approval", waveIndex: 2, waveEntered: false });
  });
});

describe("waiting for people", () => {
  it("is told to machines as such, so that nobody looks for ever (Argo Rollouts: status hangs in CI at a pause)", () => {
    const paused = run(canary, 1, { type: "paused", by: "ann", reason: "" });
    for (const state of [awaiting, paused, run(awaiting, 3 * hourMs, denied("joe"), observed())]) {
      const view = describeRollout(state, 3 * hourMs);
      expect(exitOfRollout(view)).toBe(4);
      expect(["awaiting-approval", "paused"]).toContain(view.status);
      expect(view.waits.length, view.status).toBeGreaterThan(0);
    }
  });
});
