import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Admission } from "../../src/compat/device-gate.ts";
import type { Wave } from "../../src/manifest/release.ts";
import { cohortOf } from "../../src/rollout/engine/cohort-members.ts";
import { bucketOf, inCohort } from "../../src/rollout/engine/cohort.ts";
import { device, wave } from "../support/fan-rollout.ts";

const ids = Array.from({ length: 4000 }, (_, index) => `fan-${index}`);
const percents = fc.double({ min: 0, max: 100, noNaN: true });

describe("inCohort", () => {
  it("is monotone: a higher share loses nobody", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), percents, percents, (id, salt, a, b) => {
        if (inCohort(id, salt, Math.min(a, b))) expect(inCohort(id, salt, Math.max(a, b))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("has no 101st bucket: nobody at 0 and everybody at 100, whatever the names", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (id, salt) => {
        expect(inCohort(id, salt, 0)).toBe(false);
        expect(inCohort(id, salt, 100)).toBe(true);
        expect(bucketOf(id, salt)).toBe(bucketOf(id, salt));
        expect(bucketOf(id, salt)).toBeLessThan(10_000);
      }),
    );
  });

  it.each([1, 10, 50, 90])("holds about %d%% of the devices, whatever their names look like", (percent) => {
    const namings = [
      (index: number): string => `fan-${index}`,
      (index: number): string => `${index}`.padStart(12, "0"),
      (index: number): string => `a8:03:2a:${(index >> 8).toString(16)}:${(index & 255).toString(16)}`,
    ];
    for (const naming of namings) {
      const members = Array.from({ length: 10_000 }, (_, index) => naming(index)).filter((id) =>
        inCohort(id, "fan@2026.11.0", percent),
      );
      const deviation = Math.sqrt(10_000 * (percent / 100) * (1 - percent / 100));
      expect(Math.abs(members.length - percent * 100)).toBeLessThan(5 * deviation);
    }
  });

  it("gives each rollout an order of its own", () => {
    const first = ids.filter((id) => inCohort(id, "fan@1.0.0", 10));
    const both = first.filter((id) => inCohort(id, "fan@1.0.1", 10));
    expect(both.length).toBeGreaterThan(first.length * 0.03);
    expect(both.length).toBeLessThan(first.length * 0.2);
  });

  it("puts the same device into the same place for ever", () => {
    expect(["fan-1", "fan-2", "", "Lüfter"].map((id) => bucketOf(id, "fan@2026.11.0")))
      .toMatchInlineSnapshot(`
      [
        8113,
        1616,
        6615,
        4970,
      ]
    `);
  });
});

const selections: fc.Arbitrary<Wave> = fc
  .oneof(
    fc.record({
      kind: fc.constant("label" as const),
      label: fc.constant("ring"),
      value: fc.constantFrom("canary", "early"),
      max: fc.option(fc.integer({ min: 1, max: 20 }), { nil: null }),
    }),
    fc.record({ kind: fc.constant("percent" as const), percent: percents }),
  )
  .map((selection) => wave(selection, 0));

const fleets = fc
  .uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.constantFrom("canary", "early", null), fc.boolean()),
    {
      selector: ([id]) => id,
      maxLength: 60,
    },
  )
  .map((members) =>
    members.map(([id, ring, fits]) => ({
      ...device(id, { labels: ring === null ? {} : { ring } }),
      fits,
    })),
  );

const answer = (admitted: boolean, repairs = false): Admission => ({
  admitted,
  repairs,
  reasons: admitted ? [] : [{ code: "busy", message: "it is busy" }],
});
const askIn =
  (fleet: readonly { id: string; fits: boolean }[]) =>
  ({ id }: { id: string }): Admission =>
    answer(fleet.find((each) => each.id === id)!.fits);

describe("cohortOf", () => {
  const admitted = (
    chosen: readonly { id: string }[],
    fleet: readonly { id: string; fits: boolean }[],
  ): boolean => chosen.every(({ id }) => fleet.find((each) => each.id === id)?.fits);

  it("never exceeds the bound of a wave, counts who is in already, and takes only who is admitted", () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 9 }), fc.nat(12), (fleet, max, taken) => {
        const waves = [wave({ kind: "label", label: "ring", value: "canary", max }, 0)];
        const { chosen } = cohortOf(fleet, waves, taken, "salt", askIn(fleet));
        const suitable = fleet.filter(({ fits, labels }) => fits && labels["ring"] === "canary");
        // Who has to wait takes up no place: the bound is reached whenever there are enough.
        expect(chosen).toHaveLength(Math.max(0, Math.min(max - taken, suitable.length)));
        expect(admitted(chosen, fleet)).toBe(true);
      }),
    );
  });

  it("loses nobody when another wave is added", () => {
    fc.assert(
      fc.property(fleets, fc.array(selections, { maxLength: 4 }), selections, (fleet, waves, next) => {
        const members = (those: readonly Wave[]): string[] =>
          cohortOf(fleet, those, 0, "salt", askIn(fleet)).chosen.map(({ id }) => id);
        const before = members(waves);
        const after = new Set(members([...waves, next]));
        expect(before.filter((id) => !after.has(id))).toEqual([]);
      }),
    );
  });

  it("chooses the same devices in whatever order they are listed", () => {
    fc.assert(
      fc.property(fleets, fc.array(selections, { maxLength: 3 }), (fleet, waves) => {
        const choose = (candidates: typeof fleet): string[] =>
          cohortOf(candidates, waves, 0, "salt", () => answer(true)).chosen.map(({ id }) => id);
        expect(choose(fleet.toReversed())).toEqual(choose(fleet));
      }),
    );
  });

  const broken = new Set(ids.slice(40, 45));
  const canaries = ids.slice(0, 50).map((id) => device(id, { labels: { ring: "canary" } }));
  const members = (waves: readonly Wave[], taken: number, promptly: boolean): string[] =>
    cohortOf(canaries, waves, taken, "salt", ({ id }) => answer(true, broken.has(id)), promptly).chosen.map(
      ({ id }) => id,
    );

  it("gives places to who sits in a broken pair first, and no more of them", () => {
    const waves = [wave({ kind: "label", label: "ring", value: "canary", max: 7 }, 0)];
    expect(new Set(members(waves, 0, false).slice(0, 5))).toEqual(broken);
    expect(members(waves, 0, false)).toHaveLength(7);
    expect(members(waves, 4, false)).toHaveLength(3);
    expect(members(waves, 4, false).every((id) => broken.has(id))).toBe(true);
  });

  it("lets only who sits in a broken pair pass by the waves, where that is asked for", () => {
    const nobody = [wave({ kind: "percent", percent: 0 }, 0)];
    expect(members(nobody, 0, false)).toEqual([]);
    expect(new Set(members(nobody, 0, true))).toEqual(broken);
  });

  it("names who was asked and refused, not who had no place", () => {
    const waves = [wave({ kind: "label", label: "ring", value: "canary", max: 3 }, 0)];
    const refusing = new Set(ids.slice(0, 20));
    const { chosen, refused } = cohortOf(canaries, waves, 0, "salt", ({ id }) => answer(!refusing.has(id)));
    expect(chosen).toHaveLength(3);
    expect([...refused.keys()].every((id) => refusing.has(id))).toBe(true);
    expect(refused.size).toBeLessThan(refusing.size);
  });

  it("asks the gate of a device once", () => {
    const asked: string[] = [];
    const waves = [30, 60, 100].map((percent) => wave({ kind: "percent", percent }, 0));
    cohortOf(
      ids.slice(0, 50).map((id) => device(id)),
      waves,
      0,
      "salt",
      ({ id }) => {
        asked.push(id);
        return answer(false);
      },
    );
    expect(new Set(asked).size).toBe(asked.length);
  });
});
