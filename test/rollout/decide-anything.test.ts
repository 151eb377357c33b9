// decide has an answer to everything, also to what a backend, a later release or a broken clock may
// bring and no type has checked.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Gate, TimeWindow } from "../../src/manifest/release.ts";
import { OwnBooks } from "../../src/rollout/engine/books.ts";
import { decide } from "../../src/rollout/engine/decide.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { fanConfig, hourMs, planDigest, planOf, stage, wave } from "../support/fan-rollout.ts";

const names = fc.constantFrom("a", "b", "fan-1", "nobody", "constructor", "toString", "__proto__", "");
const versions = fc.constantFrom(
  "2.0.0",
  "1.9.4",
  "1.8.0",
  "4.2.0",
  "2.0.0+build",
  "latest",
  "",
  "__proto__",
);
const components = fc.constantFrom("fan", "fan", "app", "cloud", "nothing", "constructor", "__proto__");
const numbers = fc.oneof(
  fc.nat(100),
  fc.constantFrom(-1, 0.5, Number.MAX_SAFE_INTEGER, 1e308, -1e308, NaN, Infinity, -Infinity),
);
/** As far as a calendar reaches. */
const moments = fc.oneof(
  fc.integer(),
  fc.constantFrom(1_700_000_000_000, 1_700_100_000_000, 8.64e15, -8.64e15),
);
const numberOrNull = fc.option(numbers, { nil: null });
const words = fc.oneof(fc.constantFrom("", "it is away", planDigest, "canary", "fleet"), fc.string());

/** Beside what belongs there, what does not: keys of a later release, keys that every object has. */
function withMore<Shape extends object>(shape: fc.Arbitrary<Shape>): fc.Arbitrary<Shape> {
  const more = fc.dictionary(fc.oneof(names, fc.string()), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 });
  return fc.oneof(
    { weight: 4, arbitrary: shape },
    fc.tuple(shape, more).map(([each, other]) => Object.assign(Object.create(null), other, each) as Shape),
  );
}

const progress = fc.record(
  {
    component: components,
    version: versions,
    from: versions,
    status: fc.constantFrom("assigned", "updating", "updated", "failed"),
    beganAtMs: numberOrNull,
    heard: fc.boolean(),
    silent: fc.boolean(),
    reason: words,
    staged: fc.constant(true as const),
    retry: numbers,
    again: numbers,
  },
  { requiredKeys: ["component", "version", "from", "status", "beganAtMs", "heard", "silent", "reason"] },
);
/** As JSON makes it: `__proto__` is a key like any other. */
const byName = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc.array(fc.tuple(names, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));

/** Who is on its way was given something before, and a device of that one name never is. */
const byBookedName = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  byName(value).map((all) => Object.fromEntries(Object.entries(all).filter(([id]) => id !== "__proto__")));

const observed = fc.record(
  {
    type: fc.constant("observed" as const),
    admissible: fc.array(
      fc.record(
        {
          deviceId: names,
          component: components,
          version: versions,
          from: versions,
          staged: fc.constant(true as const),
          retry: numbers,
        },
        { requiredKeys: ["deviceId", "component", "version", "from"] },
      ),
      { maxLength: 4 },
    ),
    lapsed: fc.array(names, { maxLength: 3 }),
    progress: byBookedName(progress),
    returning: byBookedName(progress),
    waiting: fc.option(byName(words), { nil: null }),
    population: fc.option(
      fc.record(
        {
          devices: numbers,
          versions: byName(byName(numbers)),
          unknown: byName(numbers),
          staging: byName(fc.record({ devices: numbers, without: numbers })),
          out: byName(fc.record({ devices: numbers, asleep: numbers, sinceMs: numberOrNull })),
        },
        { requiredKeys: ["devices", "versions"] },
      ),
      { nil: null },
    ),
    readings: fc
      .array(
        fc.tuple(
          fc.oneof(fc.constantFrom("crashes", "latency", "updated"), names),
          fc.record({
            atMs: numbers,
            value: numberOrNull,
            against: numberOrNull,
            problem: fc.constant(null),
          }),
        ),
        { maxLength: 3 },
      )
      .map((entries) => Object.fromEntries(entries)),
    overdue: fc.array(fc.constantFrom("updated", "crashes", "latency", "nothing"), { maxLength: 2 }),
    kept: fc.array(names, { maxLength: 2 }),
    returnable: fc.array(fc.record({ deviceId: names, component: components, to: versions }), {
      maxLength: 3,
    }),
  },
  {
    requiredKeys: [
      "type",
      "admissible",
      "lapsed",
      "progress",
      "returning",
      "waiting",
      "population",
      "kept",
      "returnable",
    ],
  },
);

/** `#n` is the key of the n-th effect that is pending. */
const keys = fc.oneof(
  fc.nat(3).map((index) => `#${index}`),
  words,
  fc.constant("deploy:cloud@5.2.0"),
);

const events = fc.oneof(
  { weight: 6, arbitrary: withMore(observed) },
  {
    weight: 5,
    arbitrary: withMore(
      fc.record(
        {
          type: fc.constant("effect-done" as const),
          key: keys,
          refused: fc.array(fc.record({ deviceId: names, reason: words }), { maxLength: 2 }),
          wayBack: fc.record({
            open: byName(fc.array(versions, { maxLength: 2 })),
            closed: fc.array(
              fc.record({
                component: components,
                version: versions,
                pairs: fc.constant([]),
                why: words,
                instead: fc.array(words, { maxLength: 1 }),
              }),
              { maxLength: 2 },
            ),
          }),
        },
        { requiredKeys: ["type", "key"] },
      ),
    ),
  },
  withMore(
    fc.record({ type: fc.constant("effect-failed" as const), key: keys, code: words, message: words }),
  ),
  {
    weight: 2,
    arbitrary: withMore(
      fc.record(
        {
          type: fc.constantFrom("approved" as const, "denied" as const, "bake-skipped" as const),
          stage: fc.oneof(fc.constantFrom("canary", "fleet"), words),
          wave: fc.oneof(fc.constantFrom("canary", "fleet 50%"), words),
          planDigest: fc.constantFrom(planDigest, planDigest, "sha256:foreign", ""),
          by: fc.oneof(fc.constantFrom("ann", "bob"), names),
          reason: words,
        },
        { requiredKeys: ["type", "stage", "planDigest", "by", "reason"] },
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: withMore(
      fc.record({
        type: fc.constantFrom("paused", "resumed", "aborted", "rollback-requested"),
        by: words,
        reason: words,
      }),
    ),
  },
  withMore(
    fc.record(
      {
        type: fc.constant("retried" as const),
        by: words,
        reason: words,
        deviceIds: fc.array(names, { maxLength: 3 }),
      },
      { requiredKeys: ["type", "by", "reason"] },
    ),
  ),
  withMore(
    fc.record({
      type: fc.constant("freezes-changed" as const),
      freezes: fc.array(fc.record({ fromMs: moments, untilMs: moments, why: words }), { maxLength: 2 }),
    }),
  ),
  fc.record({ type: fc.constantFrom("", "from-a-later-release", "__proto__", "constructor"), by: words }),
) as fc.Arbitrary<RolloutEvent>;

const gates: Record<string, Gate> = {
  ...fanConfig().gates,
  latency: {
    measure: "metric",
    query: "p99",
    component: "fan",
    bound: { kind: "max-increase", value: 10 },
    everyMs: 60_000,
    readings: 2,
    deadlineMs: hourMs,
    noData: "fail",
  },
  crashes: {
    measure: "count",
    failures: "crashed",
    of: "all",
    component: null,
    limitPercent: 2,
    alpha: 0.05,
    everyMs: 60_000,
    deadlineMs: hourMs,
    dryRun: true,
  },
};
const window = (zone: string): TimeWindow => ({ days: [1, 2, 3, 4], fromMinute: 540, untilMinute: 60, zone });
const everybody = [wave({ kind: "percent", percent: 100 }, 100)];
const configs: fc.Arbitrary<RolloutConfig> = fc
  .record({
    rulesVersion: fc.constantFrom(1 as const, 2 as const, 3 as const),
    plan: fc.constantFrom(
      fanConfig().plan,
      planOf(),
      planOf("retire fan 1.8.0"),
      planOf("stage fan 2.0.0", "introduce app 4.2.0", "introduce fan 2.0.0"),
      planOf("introduce nothing 1.0.0", "introduce fan 1.9.4", "introduce fan 2.0.0", "retire fan 1.8.0"),
    ),
    stages: fc.constantFrom(
      fanConfig().stages,
      [],
      [stage("empty")],
      [stage("canary", { waves: everybody, bakeMs: 0, gates: [] }), ...fanConfig().stages],
      [
        stage("fleet", {
          waves: everybody,
          bakeMs: 0,
          gates: ["latency", "crashes", "constructor", "updated"],
        }),
      ],
      [stage("fleet", { waves: everybody, windows: [window("Europe/Amsterdam"), window("Moon/Crater")] })],
    ),
    gates: fc.constantFrom(gates, {}),
    onFailure: fc.constantFrom("hold" as const, "rollback" as const),
  })
  .map((more) => fanConfig(more));

/** Forwards mostly, sometimes far back or to where no calendar reaches. */
const moves = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1, 60_000, hourMs, 7 * hourMs) },
  fc.constantFrom(-hourMs, -1e12, 1e13, -1e13),
);

it("answers anything, at any time, the same each time, and leaves what it was given as it was", () => {
  fc.assert(
    fc.property(configs, fc.array(fc.tuple(events, moves), { maxLength: 40 }), (config, history) => {
      let nowMs = 1_700_000_000_000;
      let state: RolloutState | null = null;
      // A fold that writes in place comes to the same.
      const books = new OwnBooks();
      let folded: RolloutState | null = null;
      const take = (event: RolloutEvent): void => {
        freezeDeep(state);
        freezeDeep(event);
        const before: RolloutState | null = state;
        const decision = decide(before, event, nowMs);
        expect(JSON.stringify(decide(before, event, nowMs))).toBe(JSON.stringify(decision));
        if (!decision.state) throw new Error("a state never vanishes");
        const pending = decision.state.pending.map(({ key }) => key);
        expect(new Set(pending).size, "keys of what is pending").toBe(pending.length);
        const known = new Set(before?.pending.map(({ key }) => key));
        expect(decision.effects.every(({ key }) => !known.has(key) && pending.includes(key))).toBe(true);
        state = decision.state;
        folded = decide(folded, structuredClone(event), nowMs, books).state;
        describeRollout(state, nowMs);
      };
      take({ type: "started", config });
      for (const [event, moveMs] of history) {
        nowMs += moveMs;
        take(aimed(event, state));
        expect(({} as Record<string, unknown>)["component"], "every object").toBeUndefined();
      }
      expect(JSON.stringify(folded)).toBe(JSON.stringify(state));
    }),
    { numRuns: 1200 },
  );
});

function aimed(event: RolloutEvent, state: RolloutState | null): RolloutEvent {
  if (event.type !== "effect-done" && event.type !== "effect-failed") return event;
  const effect = state?.pending[Number(/^#(\d)$/.exec(event.key)?.[1] ?? NaN)];
  return { ...event, key: effect?.key ?? event.key };
}

/** What it is given next it must not write to. */
function freezeDeep(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freezeDeep(each);
}
