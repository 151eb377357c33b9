import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, nextEffect } from "../../src/rollout/engine/decide.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import type { Effect } from "../../src/rollout/engine/effects.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import { hasEnded, type RolloutConfig, type RolloutState } from "../../src/rollout/engine/state.ts";
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

const deviceId = fc.constantFrom("a", "b", "c", "d", "constructor");
const text = fc.constantFrom("", "2.0.0", "1.9.4", "fan", "app", "cloud", "nothing");
const progress = fc.record({
  component: fc.constantFrom("fan", "fan", "nothing"),
  version: fc.constantFrom("2.0.0", "2.0.0", "1.9.4"),
  from: text,
  status: fc.constantFrom("assigned", "updating", "updated", "failed"),
  beganAtMs: fc.option(fc.nat(10), { nil: null }),
  heard: fc.boolean(),
  silent: fc.boolean(),
  reason: text,
});
const byDevice = fc.dictionary(deviceId, progress, { maxKeys: 5 });
const config: fc.Arbitrary<RolloutConfig> = fc
  .record({
    plan: fc.constantFrom(
      fanConfig().plan,
      planOf(),
      planOf("retire fan 1.8.0"),
      planOf("introduce app 4.2.0", "introduce fan 2.0.0"),
      planOf("introduce unheard-of 1.0.0", "introduce fan 2.0.0", "retire fan 1.8.0"),
    ),
    stages: fc.constantFrom(
      fanConfig().stages,
      [],
      [stage("empty")],
      [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], bakeMs: 0, gates: [] })],
      [stage("typo", { waves: [wave({ kind: "percent", percent: 100 }, 100)], gates: ["typo"], bakeMs: 0 })],
    ),
    gates: fc.constantFrom(fanConfig().gates, {}),
    onFailure: fc.constantFrom("hold" as const, "rollback" as const),
  })
  .map((more) => fanConfig(more));

/** Anything a journal could hold; keys are drawn from what may be pending and from nonsense. */
const events: fc.Arbitrary<RolloutEvent> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("observed" as const),
      admissible: fc.array(
        fc.record({
          deviceId,
          component: fc.constantFrom("fan", "nothing"),
          version: fc.constantFrom("2.0.0", "1.9.4"),
          from: text,
        }),
        { maxLength: 4 },
      ),
      lapsed: fc.array(deviceId, { maxLength: 2 }),
      progress: byDevice,
      returning: fc.oneof(fc.constant({}), byDevice),
      waiting: fc.option(fc.dictionary(deviceId, text), { nil: null }),
      population: fc.option(
        fc.record({
          devices: fc.nat(9),
          versions: fc.dictionary(fc.constantFrom("fan", "app"), fc.dictionary(text, fc.nat(9))),
        }),
        { nil: null },
      ),
      kept: fc.array(deviceId, { maxLength: 2 }),
      returnable: fc.array(fc.record({ deviceId, component: fc.constant("fan"), to: text }), {
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom("effect-done" as const, "effect-failed" as const),
      key: fc.oneof(
        fc.nat(3).map((index) => `#${index}`),
        text,
      ),
      code: text,
      message: text,
      refused: fc.array(fc.record({ deviceId, reason: text }), { maxLength: 2 }),
    }),
  },
  fc.record({
    type: fc.constant("approved" as const),
    stage: fc.constantFrom("canary", "fleet", "all", "typo"),
    planDigest: fc.constantFrom(planDigest, "sha256:other"),
    by: fc.constantFrom("ann", "bob"),
    reason: text,
  }),
  fc.record({
    type: fc.constantFrom("paused", "resumed", "aborted", "rollback-requested"),
    by: text,
    reason: text,
  }) as fc.Arbitrary<RolloutEvent>,
  config.map((each) => ({ type: "started" as const, config: each })),
);

const histories = fc.tuple(
  config,
  fc.array(fc.tuple(events, fc.constantFrom(0, 1, hourMs, 7 * hourMs)), { maxLength: 40 }),
);

/** `#n` stands for the key of the n-th effect that is pending; only who was asked for can be refused. */
function aim(event: RolloutEvent, state: RolloutState): RolloutEvent {
  if (event.type !== "effect-done" && event.type !== "effect-failed") return event;
  const index = Number(/^#(\d)$/.exec(event.key)?.[1] ?? NaN);
  const effect = state.pending[index];
  if (event.type === "effect-failed") return { ...event, key: effect?.key ?? event.key };
  const asked = effect?.kind === "assign" ? effect.deviceIds : [];
  const refused = event.refused?.filter(({ deviceId: id }) => asked.includes(id)) ?? [];
  return { ...event, key: effect?.key ?? event.key, refused };
}

/** What each pending effect is about, device by device. */
const targets = ({ pending }: RolloutState): string[] =>
  pending.flatMap((effect) =>
    effect.kind === "assign" ? effect.deviceIds.map((id) => `${effect.assignmentId} ${id}`) : [effect.key],
  );

const isForward = (effect: Effect): boolean =>
  ["publish-app", "expose-app", "deploy-service"].includes(effect.kind) ||
  (effect.kind === "assign" && !effect.rollback);

describe("decide, whatever happens", () => {
  it("has an answer, goes nowhere once it has ended, and is the same when it is decided once more", () => {
    fc.assert(
      fc.property(histories, ([first, rest]) => {
        let nowMs = 0;
        let { state } = decide(null, { type: "started", config: first }, nowMs);
        const journal: { event: RolloutEvent; at: number }[] = [];
        for (const [template, laterMs] of rest) {
          if (!state) throw new Error("it has not started");
          nowMs += laterMs;
          const before: RolloutState = state;
          const event = aim(template, before);
          const decision = decide(before, event, nowMs);
          journal.push({ event, at: nowMs });
          if (!decision.state) throw new Error("a state never vanishes");
          const after = decision.state;

          const known = new Set(before.pending.map(({ key }) => key));
          expect(decision.effects).toEqual(after.pending.filter(({ key }) => !known.has(key)));
          expect(new Set(after.pending.map(({ key }) => key)).size).toBe(after.pending.length);
          if (["failed", "aborted", "rolled-back", "rolling-back"].includes(after.status)) {
            expect(after.pending.filter(isForward)).toEqual([]);
          }
          const stops = before.status === "completed" && event.type === "aborted";
          if (hasEnded(before.status) && event.type !== "rollback-requested" && !stops)
            expect(after.status).toBe(before.status);
          if (after.status === "paused" && before.status === "paused") {
            // What lapses makes an assignment shorter; nothing is added.
            expect(targets(before)).toEqual(expect.arrayContaining(targets(after)));
            expect(nextEffect(after, 0)).toBeUndefined();
          }
          if (event.type !== "observed" && JSON.stringify(before) === JSON.stringify(after))
            expect(after).toBe(before);
          describeRollout(after, 0);
          state = after;
        }
        let again = decide(null, { type: "started", config: first }, 0).state;
        for (const { at, event } of JSON.parse(JSON.stringify(journal)) as typeof journal) {
          again = decide(again, event, at).state;
        }
        expect(JSON.stringify(again)).toBe(JSON.stringify(state));
      }),
      { numRuns: 1500 },
    );
  });

  it("is nothing before it has started", () => {
    fc.assert(
      fc.property(events, (event) => {
        const { effects, state } = decide(null, event, 0);
        if (event.type !== "started") expect({ effects, state }).toEqual({ effects: [], state: null });
      }),
    );
  });

  it("is nothing new when a look shows nothing new", () => {
    const state = run(settle(started(), 0), 1, observed());
    expect(decide(state, observed({ population: null }), 2).state).toBe(state);
  });
});

describe("a rollout", () => {
  const admissible = [{ deviceId: "a", component: "fan", version: "2.0.0", from: "1.9.4" }];

  it("deploys the service before the first device moves", () => {
    const begun = started();
    expect(begun.pending.map(({ key }) => key)).toEqual(["deploy:cloud@5.2.0"]);
    expect(run(begun, 1, observed({ admissible })).devices).toEqual({});
    expect(run(settle(begun, 1), 1, observed({ admissible })).devices).toHaveProperty("a");
  });

  it("ends a wave when it has baked, its gates pass, all is confirmed and nobody is under way", () => {
    const canary = run(settle(started(), 0), 1, observed({ progress: fleetOf("good", 20) }));
    expect(run(canary, hourMs - 1, observed())).toMatchObject({ waveIndex: 0, status: "running" });
    expect(run(canary, hourMs, observed())).toMatchObject({ waveIndex: 1, status: "awaiting-approval" });
    const updating = observed({ progress: fleetOf("busy", 1, { status: "updating" }) });
    expect(run(canary, hourMs, updating)).toMatchObject({ waveIndex: 0 });
    const sleeping = observed({ progress: fleetOf("asleep", 9, { status: "assigned" }) });
    expect(run(canary, hourMs, sleeping)).toMatchObject({ waveIndex: 1 });
    expect(run(canary, hourMs, observed({ admissible }))).toMatchObject({ waveIndex: 0 });
  });

  it("does nothing while it is paused, not even what was decided before", () => {
    const deciding = run(settle(started(), 0), 1, observed({ admissible }));
    const paused = run(deciding, 2, { type: "paused", by: "ann", reason: "" });
    expect(paused.pending).toHaveLength(1);
    expect(nextEffect(paused, 0)).toBeUndefined();
    expect(nextEffect(run(paused, 3, { type: "resumed", by: "ann", reason: "" }), 3)).toBe(paused.pending[0]);
  });

  it("is back only after a look that came after everything had been taken back", () => {
    const by = { by: "ann", reason: "" };
    const asleep = run(
      settle(started(), 0),
      1,
      observed({ progress: fleetOf("fan", 2, { status: "assigned" }) }),
    );
    const asked = run(asleep, 2, { type: "rollback-requested", ...by });
    expect(asked.pending.map(({ kind }) => kind)).toEqual(["cancel", "plan-way-back"]);
    const canceled = settle(asked, 2);
    expect(canceled.status).toBe("rolling-back");
    // One of them had begun before it could be taken back.
    const begun = run(canceled, 3, observed({ progress: fleetOf("fan", 1, { status: "updating" }) }));
    expect(begun.status).toBe("rolling-back");
    const arrived = run(
      begun,
      4,
      observed({
        progress: fleetOf("fan", 1),
        returnable: [{ deviceId: "fan-0", component: "fan", to: "1.9.4" }],
      }),
    );
    expect(arrived.pending).toMatchObject([
      { kind: "assign", rollback: true, version: "1.9.4", deviceIds: ["fan-0"] },
    ]);
    const returned = run(settle(arrived, 4), 5, observed({ returning: fleetOf("fan", 1) }));
    expect(returned).toMatchObject({ status: "rolled-back", endedAtMs: 5 });
  });

  it("leaves a device for good that a phone holds back on its way back", () => {
    const asked = run({ ...settle(started(), 0), devices: fleetOf("fan", 1) }, 1, {
      type: "rollback-requested",
      by: "ann",
      reason: "",
    });
    const returnable = [{ deviceId: "fan-0", component: "fan", to: "1.9.4" }];
    const returning = settle(run(settle(asked, 1), 2, observed({ returnable })), 2);
    const reason = "app@4.2.0 does not fit fan@1.9.4";
    const held = { "fan-0": { ...returning.returning["fan-0"]!, reason } };
    const kept = run(
      returning,
      3,
      observed({ returning: held, kept: ["fan-0"], waiting: { "fan-0": reason } }),
    );
    expect(kept.pending).toMatchObject([{ kind: "cancel", deviceIds: ["fan-0"] }]);
    // The phone changes once more, but what was taken back is not assigned a second time.
    const done = run(settle(kept, 3), 4, observed({ returnable, waiting: {} }));
    expect(done).toMatchObject({ status: "rolled-back", pending: [] });
    expect(describeRollout(done, 4).failed).toEqual([{ reason, devices: ["fan-0"] }]);
  });

  it("says who is left, and that nobody knows", () => {
    const at = (fan: Record<string, number>, unknown: Record<string, number>): string | null => {
      const population = { devices: 9, versions: { fan, app: { "4.1.0": 1 } }, unknown };
      const devices = fleetOf("fan", 30);
      return describeRollout({ ...started(), devices, phaseIndex: 1, waveEntered: false, population }, 0)
        .waitsFor;
    };
    expect(at({ "1.8.0": 3, "2.0.0": 5 }, {})).toBe("fan@1.8.0 to leave the field (3 left)");
    expect(at({ "2.0.0": 5 }, { fan: 4 })).toBe(
      "fan@1.8.0 to leave the field (0 left, 4 do not say what they run)",
    );
    expect(at({}, {})).toBe("fan@1.8.0 to leave the field (not known who uses it)");
  });

  it("describes and takes back a whole fleet at once", () => {
    const ids = Array.from({ length: 200_000 }, (_, index) => `fan-${index}`);
    const waiting = Object.fromEntries(ids.map((id) => [id, "its app is too old"]));
    expect(describeRollout({ ...started(), waiting }, 0).waiting[0]?.devices).toHaveLength(ids.length);
    const returning = fleetOf("fan", ids.length, { status: "assigned", reason: "its app is too old" });
    const state = { ...started(), status: "rolling-back" as const, pending: [], returning };
    expect(run(state, 1, observed({ kept: ids })).pending).toMatchObject([{ deviceIds: ids }]);
  });

  it("walks from the first wave to its end", () => {
    let state = started();
    const devices = fleetOf("fan", 30);
    const approval = { type: "approved", stage: "fleet", planDigest, by: "ann", reason: "" } as const;
    const waves: string[] = [];
    for (let hour = 1; hour < 20 && state.status !== "completed"; hour++) {
      state = settle(run(state, hour * hourMs, approval, observed({ progress: devices })), hour * hourMs);
      const { status, wave: name } = describeRollout(state, hour * hourMs);
      waves.push(name || status);
    }
    expect(waves).toEqual([
      "canary",
      "fleet 50%",
      "fleet 100%",
      "canary",
      "fleet 50%",
      "fleet 100%",
      "completed",
    ]);
    expect(state.exposed).toEqual({ "app@4.2.0": 100 });
  });
});
