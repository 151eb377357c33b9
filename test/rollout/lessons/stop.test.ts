// What happened to others when somebody stopped, paused or went back, each kept from happening here.
import { describe, expect, it } from "vitest";
import { decide, nextEffect } from "../../../src/rollout/engine/decide.ts";
import type { RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { hasEnded, type RolloutConfig, type RolloutState } from "../../../src/rollout/engine/state.ts";
import { foldJournal } from "../../../src/rollout/fold.ts";
import { assertReleasable, findOpenRollout } from "../../../src/rollout/open-rollout.ts";
import { startRollout } from "../../../src/rollout/start-rollout.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planDigest,
  planOf,
  progress,
  run,
  settle,
  stage,
  started,
  wave,
} from "../../support/fan-rollout.ts";
import { MemoryJournals } from "../../support/memory-journal.ts";
import { chainRecord } from "../../../src/rollout/journal/chain.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const by = { by: "ann", reason: "" };
const paused: RolloutEvent = { type: "paused", ...by };
const resumed: RolloutEvent = { type: "resumed", ...by };
const aborted: RolloutEvent = { type: "aborted", ...by };
const back: RolloutEvent = { type: "rollback-requested", ...by };
const retried: RolloutEvent = { type: "retried", ...by };
const approved: RolloutEvent = { type: "approved", stage: "fleet", planDigest, ...by };
const skipped = (name: string): RolloutEvent => ({
  type: "bake-skipped",
  stage: name.split(" ")[0] ?? "",
  wave: name,
  planDigest,
  ...by,
});
const admissible = ["a", "b"].map((deviceId) => ({
  deviceId,
  component: "fan",
  version: "2.0.0",
  from: "1.9.4",
}));

/** A rollout in each place that it can be in, by the name of that place. */
function places(config: RolloutConfig = fanConfig()): Record<string, RolloutState> {
  const begun = started(config);
  const canary = settle(begun, 0);
  const assigning = run(canary, 1, observed({ admissible }));
  const updating = run(
    settle(assigning, 1),
    2,
    observed({ progress: { a: progress({ status: "updating", heard: false }) } }),
  );
  const good = run(canary, 1, observed({ progress: fleetOf("good", 20) }));
  const awaiting = run(good, 2 * hourMs, observed());
  const fleet = run(awaiting, 3 * hourMs, approved, observed());
  const bad = observed({ progress: fleetOf("bad", 40, { status: "failed" }) });
  const failed = run({ ...good, config: { ...config, onFailure: "hold" } }, 2, bad);
  return {
    "before anything was done": begun,
    "in the first wave": canary,
    "while assigning": assigning,
    "while a device updates": updating,
    paused: run(updating, 3, paused),
    "awaiting approval": awaiting,
    "just approved": run(awaiting, 3 * hourMs, approved),
    "in a later stage": fleet,
    "rolling back": run(updating, 3, back),
    failed: failed,
    aborted: run(updating, 3, aborted),
  };
}

const forwards = ({ pending }: RolloutState) =>
  pending.filter(
    (effect) =>
      !["cancel", "halt-app", "plan-way-back"].includes(effect.kind) &&
      !(effect.kind === "assign" && effect.rollback),
  );

it("is asked about in places that differ", () => {
  const found = Object.entries(places()).map(([place, { status, waveIndex }]) => [
    place,
    `${status} ${waveIndex}`,
  ]);
  expect(Object.fromEntries(found)).toEqual({
    "before anything was done": "running 0",
    "in the first wave": "running 0",
    "while assigning": "running 0",
    "while a device updates": "running 0",
    paused: "paused 0",
    "awaiting approval": "awaiting-approval 1",
    "just approved": "awaiting-approval 1",
    "in a later stage": "running 1",
    "rolling back": "rolling-back 0",
    failed: "failed 0",
    aborted: "aborted 0",
  });
});

describe("an abort", () => {
  it("with no rollout in progress takes nothing down (Argo Rollouts #1292: scaled what served to zero)", () => {
    expect(decide(null, aborted, 0)).toEqual({ state: null, effects: [] });
    const notBegun = run(started(), 1, aborted);
    expect(notBegun).toMatchObject({ status: "aborted", pending: [], devices: {}, exposed: {} });
    for (const ended of Object.values(places()).filter(({ status }) => hasEnded(status)))
      expect(decide(ended, aborted, 10)).toEqual({ state: ended, effects: [] });
  });

  it("of one that has completed stops what it still delivers, and takes nothing down", () => {
    const completed: RolloutState = { ...settle(started(), 0), status: "completed", endedAtMs: 5 };
    const stopped = decide(completed, aborted, 10);
    expect(stopped.state).toMatchObject({ status: "aborted", exposed: completed.exposed });
    expect(stopped.effects.filter(({ kind }) => kind !== "cancel")).toEqual([]);
  });

  it("wins in every place, at once and for good (Argo Rollouts #4461: ignored after a full promotion)", () => {
    for (const [place, state] of Object.entries(places())) {
      const stopped = run(state, 4 * hourMs, aborted);
      expect(["aborted", "failed", "rolling-back"], place).toContain(stopped.status);
      expect(forwards(stopped), place).toEqual([]);
      const after = [
        approved,
        resumed,
        skipped("canary"),
        skipped("fleet 50%"),
        retried,
        observed({ admissible }),
      ];
      for (const event of after) {
        const then = run(stopped, 5 * hourMs, event);
        expect(then.status, place).toBe(stopped.status);
        expect(forwards(then), `${place}, then ${event.type}`).toEqual([]);
      }
    }
  });

  it("wins against what was said before it in the same moment (promote and abort race)", () => {
    const { "awaiting approval": awaiting } = places();
    const raced = run(awaiting!, 3 * hourMs, approved, skipped("canary"), aborted, observed({ admissible }));
    expect(raced).toMatchObject({
      status: "aborted",
      waveIndex: 1,
      waveEntered: false,
      devices: awaiting!.devices,
    });
  });

  it("said twice is said once", () => {
    for (const [place, state] of Object.entries(places())) {
      const once = run(state, 4 * hourMs, aborted);
      expect(decide(once, aborted, 5 * hourMs), place).toEqual({ state: once, effects: [] });
    }
  });
});

describe("a pause", () => {
  it("is over when it is over: what was approved meanwhile goes on (Argo Rollouts #4265: stuck from a manual pause)", () => {
    const { "awaiting approval": awaiting } = places();
    const held = run(awaiting!, 3 * hourMs, paused, approved);
    expect(held.status).toBe("paused");
    expect(run(held, 4 * hourMs, resumed, observed())).toMatchObject({
      status: "running",
      waveIndex: 1,
      waveEntered: true,
    });
  });

  it("gives nobody anything, not even what was decided before", () => {
    const { "while assigning": assigning } = places();
    const held = run(assigning!, 2, paused);
    expect(nextEffect(held, 0)).toBeUndefined();
    expect(nextEffect(run(held, 3, resumed), 3)).toMatchObject({ kind: "assign" });
    expect(forwards(run(held, 3, observed({ admissible: [{ ...admissible[0]!, deviceId: "c" }] })))).toEqual(
      forwards(held),
    );
  });

  it("does not disarm what watches (Flagger #1801: a breach while it waits never rolls back)", () => {
    const bad = observed({ progress: fleetOf("bad", 60, { status: "failed" }) });
    for (const place of ["paused", "awaiting approval", "just approved"]) {
      const state = places()[place];
      expect(run(state!, 5 * hourMs, bad), place).toMatchObject({
        status: "rolling-back",
        failure: { gate: "updated" },
      });
    }
  });
});

describe("going back", () => {
  it("can be asked for in every place, and begins (Flagger #1588: stuck while promoting)", () => {
    for (const [place, state] of Object.entries(places())) {
      const returning = run(state, 4 * hourMs, back);
      expect(returning.status, place).toBe("rolling-back");
      expect(forwards(returning), place).toEqual([]);
      expect(returning.pending.at(-1), place).toMatchObject({ kind: "plan-way-back" });
    }
  });

  it("comes to an end where what was before is broken too (Argo Rollouts #1774, #3110: stuck when stable is broken)", () => {
    const { "in a later stage": fleet } = places(fanConfig({ plan: planOf("introduce fan 2.0.0") }));
    const asked = run(fleet!, 4 * hourMs, back);
    const wayBack = { open: { fan: ["1.9.4"] }, closed: [] };
    const planned = run(
      asked,
      4 * hourMs,
      ...asked.pending.map(({ key }) => ({ type: "effect-done", key, wayBack }) as const),
    );
    const returnable = Object.keys(fleet!.devices).map((deviceId) => ({
      deviceId,
      component: "fan",
      to: "1.9.4",
    }));
    const assigned = settle(run(planned, 5 * hourMs, observed({ returnable })), 5 * hourMs);
    const broken = fleetOf("good", 20, {
      version: "1.9.4",
      from: "2.0.0",
      status: "failed",
      reason: "it does not start",
    });
    expect(run(assigned, 6 * hourMs, observed({ returning: broken }), observed())).toMatchObject({
      status: "rolled-back",
    });
  });

  it("ends as a failure that says why where no way back is open", () => {
    const { "in a later stage": fleet } = places();
    const asked = run(fleet!, 4 * hourMs, back);
    const shut = {
      component: "fan",
      version: "1.9.4",
      pairs: [],
      why: "its security counter is lower",
      instead: [],
    };
    const answers = asked.pending.map(
      ({ key }) => ({ type: "effect-done", key, wayBack: { open: {}, closed: [shut] } }) as const,
    );
    expect(run(asked, 4 * hourMs, ...answers)).toMatchObject({
      status: "failed",
      endedAtMs: 4 * hourMs,
      wayBack: { closed: [shut] },
    });
  });
});

describe("a release that was stopped", () => {
  const release = { product: "fan", version: "1.0.0" };
  async function stopped(): Promise<MemoryJournals> {
    const journals = new MemoryJournals();
    const journal = await startRollout(journals, fanConfig(), 0);
    await journal.append(chainRecord((await journal.read()).at(-1), { at: 1, event: aborted, effects: [] }));
    return journals;
  }

  it("does not begin anew by itself (Argo Rollouts: an aborted spec still names the new version)", async () => {
    const journals = await stopped();
    expect(await findOpenRollout(journals, release)).toBeNull();
    expect(await thrownBy(() => assertReleasable(journals, release))).toMatchObject({
      code: "IOT_RELEASE_STOPPED_BEFORE",
    });
  });

  it("can be begun anew on purpose, from the first stage (Argo Rollouts #841, #3120: cannot be retried)", async () => {
    const journals = await stopped();
    const again = foldJournal(await (await startRollout(journals, fanConfig(), 2)).read());
    expect(again).toMatchObject({
      status: "running",
      phaseIndex: 0,
      waveIndex: 0,
      approvals: [],
      devices: {},
      failure: null,
    });
    expect(again?.config.rolloutId).not.toBe("fan-1.0.0");
  });

  it("is not revived by trying its devices again: what has ended stays ended", () => {
    for (const state of Object.values(places()).filter(({ status }) => hasEnded(status)))
      expect(decide(state, retried, 9 * hourMs)).toEqual({ state, effects: [] });
  });
});

describe("a device that failed", () => {
  it("is tried again when somebody says so, and the first time is what counts", () => {
    const config = fanConfig({
      plan: planOf("introduce fan 2.0.0"),
      stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 0)] })],
    });
    const one = run(
      settle(started(config), 0),
      1,
      observed({ progress: { a: progress({ status: "failed", reason: "no power" }) } }),
    );
    const asked = run(one, 2, retried);
    expect(asked.retries).toEqual({ a: 1 });
    const offered = run(asked, 3, observed({ admissible: [{ ...admissible[0]!, retry: 1 }] }));
    expect(offered.pending).toMatchObject([{ kind: "assign", deviceIds: ["a"], retry: 1 }]);
    expect(offered.devices["a"]).toMatchObject({
      status: "assigned",
      retry: 1,
      earlier: { status: "failed" },
    });
    // Saying so twice is one more try, not two.
    expect(run(asked, 3, retried).retries).toEqual({ a: 1 });
  });
});
