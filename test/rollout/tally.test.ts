import { describe, expect, it } from "vitest";
import { applyEvent } from "../../src/rollout/engine/apply-event.ts";
import { judge } from "../../src/rollout/engine/judge.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { nobody, type Tally, tallyOf } from "../../src/rollout/engine/tally.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planOf,
  progress,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

describe("tallyOf", () => {
  it("counts every device in every step that it went through", () => {
    const hop = progress({ version: "1.9.4", from: "1.8.0" });
    const devices = {
      ...fleetOf("good", 3),
      ...fleetOf("bad", 2, { status: "failed" }),
      ...fleetOf("gone", 1, { silent: true }),
      ...fleetOf("quiet", 4, { heard: false }),
      ...fleetOf("on-the-hop", 1, hop),
      ...fleetOf("on", 5, { status: "updating", earlier: hop }),
      ...fleetOf("asleep", 6, { status: "assigned", earlier: hop }),
      ...fleetOf("held", 7, { status: "assigned", reason: "a phone holds it" }),
    };
    expect(tallyOf({ ...started(), devices })).toEqual({
      updating: 5,
      toBegin: 6,
      steps: {
        "fan@2.0.0": { updated: 8, failed: 2, silent: 1, unheard: 4 },
        "fan@1.9.4": { updated: 12, failed: 0, silent: 0, unheard: 0 },
      },
    });
  });
});

describe("judge", () => {
  const config = fanConfig({
    plan: planOf("introduce fan 2.0.0"),
    stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] })],
  });
  const none: Tally = { updating: 0, toBegin: 0, steps: {} };
  const begun = { ...settle(started(config), 0), waveSurveyed: true, population: observed().population };
  const counted = (counts: Partial<typeof nobody>, more: Partial<Tally> = {}): Tally => ({
    ...none,
    steps: { "fan@2.0.0": { ...nobody, ...counts } },
    ...more,
  });
  const after = (tally: Tally): RolloutState => judge(begun, tally, 2 * hourMs);

  it("goes on, holds and stops on counts alone", () => {
    expect(begun.devices).toEqual({});
    expect(after(none)).toMatchObject({ status: "running", waveIndex: 0 });
    expect(after(counted({ updated: 50 }))).toMatchObject({ status: "completed" });
    expect(after(counted({ updated: 50 }, { updating: 1 }))).toMatchObject({ status: "running" });
    expect(after(counted({ failed: 9 }))).toMatchObject({ status: "rolling-back" });
  });

  it("makes the effects of a wave pending, and they are answered by events", () => {
    const apps = fanConfig({ plan: planOf("introduce app 4.2.0"), stages: config.stages });
    const ended = { ...settle(started(apps), 0), phaseIndex: 0, waveEntered: false, exposed: {} };
    const entered = judge(ended, none, 1);
    expect(entered.pending.map(({ kind }) => kind)).toEqual(["publish-app", "expose-app"]);
    const done = entered.pending.reduce<RolloutState | null>(
      (state, { key }) => applyEvent(state, { type: "effect-done", key }, 1),
      entered,
    );
    expect(done?.pending).toEqual([]);
  });

  it("says of a rollout with devices what decide says", () => {
    const devices = { ...fleetOf("good", 20), ...fleetOf("busy", 1, { status: "updating" }) };
    const state = { ...begun, devices };
    expect(judge(state, tallyOf(state), 2 * hourMs)).toEqual(run(state, 2 * hourMs, observed()));
  });
});
