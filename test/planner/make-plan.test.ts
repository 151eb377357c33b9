import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRelation, type LiveSets, type VersionFacts } from "../../src/compat/relation.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import { fact } from "../support/facts.ts";
import { orderExists } from "./brute-force.ts";

function plan(
  facts: readonly VersionFacts[],
  live: LiveSets,
  target: Record<string, string>,
  pairing: "observed" | "arbitrary" = "arbitrary",
) {
  return makePlan({
    product: "p",
    release: "1.0.0",
    relation: createRelation(facts, live),
    live,
    target,
    pairing,
  });
}
const shape = (made: ReturnType<typeof plan>): string[] =>
  made.steps.map((step) => `${step.action} ${step.component}@${step.version}`);

const ceilingFan = [
  fact("app-android", "4.0.0", { requires: { fan: ">=1.0.0 <2.0.0" } }),
  fact("app-android", "4.1.0", { requires: { fan: ">=1.8.0 <2.1.0" } }),
  fact("app-android", "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
  fact("fan", "1.8.0"),
  fact("fan", "1.9.4"),
  fact("fan", "2.0.0", { requires: { "app-android": ">=4.1.0" }, installsOver: ">=1.8.0 <2.0.0" }),
];

describe("makePlan", () => {
  it("moves the firmware first where the new app refuses the old firmware", () => {
    const made = plan(
      ceilingFan,
      { "app-android": ["4.1.0"], fan: ["1.8.0", "1.9.4"] },
      { "app-android": "4.2.0", fan: "2.0.0" },
    );
    expect(shape(made)).toEqual([
      "introduce fan@2.0.0",
      "retire fan@1.8.0",
      "introduce app-android@4.2.0",
      "retire fan@1.9.4",
      "retire app-android@4.1.0",
    ]);
    expect(made.steps[0]?.replaces).toEqual(["1.8.0", "1.9.4"]);
    expect(made.steps[2]?.reversible).toBe(false);
  });

  it("guards a firmware step where pairing is observed and some phones are too old", () => {
    const live = { "app-android": ["4.0.0", "4.1.0"], fan: ["1.8.0"] };
    const target = { "app-android": "4.2.0", fan: "2.0.0" };
    expect(plan(ceilingFan, live, target, "arbitrary").feasible).toBe(false);
    const guarded = plan(ceilingFan, live, target, "observed");
    expect(guarded.steps[0]).toMatchObject({
      component: "fan",
      guard: { "app-android": ">=4.1.0" },
    });
  });

  it("does not guard what no phone could ever pass", () => {
    const made = plan(
      ceilingFan,
      { "app-android": ["4.0.0"], fan: ["1.8.0"] },
      { "app-android": "4.2.0", fan: "2.0.0" },
      "observed",
    );
    expect(made.feasible).toBe(false);
    expect(made.blocked?.pairs.map(({ a, b }) => `${a} ${b}`)).toEqual([
      "fan@2.0.0 app-android@4.0.0",
      "app-android@4.2.0 fan@1.8.0",
    ]);
  });

  it("does not guard against an app that users of a fitting one may update to", () => {
    const facts = [
      fact("app", "1.0.0"),
      fact("app", "1.1.0", { requires: { fan: "<2.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: ">=1.0.0" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0", { requires: { app: ">=1.0.0" } }),
    ];
    const live = { app: ["1.0.0", "1.1.0"], fan: ["1.0.0"] };
    const made = plan(facts, live, { app: "2.0.0", fan: "2.0.0" }, "observed");
    const steps = made.steps.map(({ action, component, version }) => `${action} ${component}@${version}`);
    expect(
      made.steps.find(({ component, action }) => component === "fan" && action === "introduce")?.guard,
    ).toBeNull();
    expect(steps.indexOf("retire app@1.1.0")).toBeLessThan(steps.indexOf("introduce fan@2.0.0"));
  });

  it("shows the pair and its evidence where the release contradicts itself", () => {
    const made = plan(
      [fact("app", "2.0.0", { requires: { fan: ">=3.0.0" } }), fact("app", "1.0.0"), fact("fan", "2.0.0")],
      { app: ["1.0.0"], fan: ["2.0.0"] },
      { app: "2.0.0", fan: "2.0.0" },
    );
    expect(made).toMatchObject({
      feasible: false,
      steps: [],
      blocked: { pairs: [{ a: "app@2.0.0", b: "fan@2.0.0", verdict: "incompatible" }] },
    });
  });

  it("is empty when the field is on the target already", () => {
    const live = { "app-android": ["4.2.0"], fan: ["2.0.0"] };
    expect(plan(ceilingFan, live, { "app-android": "4.2.0", fan: "2.0.0" }).steps).toEqual([]);
  });

  it("refuses a firmware that cannot take the target at once", () => {
    const facts = [fact("fan", "2.0.0", { installsOver: ">=1.8.0" }), fact("fan", "1.7.0")];
    expect(() => plan(facts, { fan: ["1.7.0"] }, { fan: "2.0.0" })).toThrow(
      expect.objectContaining({ code: "IOT_PLAN_NEEDS_HOPS", exit: 3 }),
    );
  });

  const components = ["app-a", "app-b", "fan"];
  const range = fc.constantFrom(">=1.0.0", ">=2.0.0", "<=3.0.0", ">=3.0.0", "<3.0.0", "1.0.0 || 3.0.0");
  const requires = (component: string): fc.Arbitrary<Record<string, string>> =>
    fc
      .array(fc.tuple(fc.constantFrom(...components.filter((other) => other !== component)), range), {
        maxLength: 2,
      })
      .map((entries) => Object.fromEntries(entries));
  const instance = fc.record({
    facts: fc.tuple(
      ...components.flatMap((component) =>
        ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
          requires(component).map((needs) =>
            fact(component, version, { requires: needs, installsOver: "*" }),
          ),
        ),
      ),
    ),
    live: fc
      .tuple(...components.map(() => fc.subarray(["1.0.0", "2.0.0"], { minLength: 1 })))
      .map((lists): Record<string, string[]> =>
        Object.fromEntries(components.map((component, index) => [component, lists[index] ?? []])),
      ),
  });
  const target = { "app-a": "3.0.0", "app-b": "3.0.0", fan: "3.0.0" };

  it("finds an order exactly when one exists, and every prefix of it is safe", () => {
    let feasible = 0;
    fc.assert(
      fc.property(instance, ({ facts, live }) => {
        const relation = createRelation(facts, live);
        const made = plan(facts, live, target);
        expect(made.feasible).toBe(orderExists(relation, live, target));
        const now = new Map(Object.entries(live).map(([component, list]) => [component, new Set(list)]));
        for (const step of made.steps) {
          const own = now.get(step.component)!;
          if (step.action === "retire") {
            expect(own.has(target[step.component as keyof typeof target])).toBe(true);
            own.delete(step.version);
            continue;
          }
          own.add(step.version);
          for (const [component, list] of now) {
            if (component === step.component) continue;
            for (const version of list)
              expect(relation.verdict(step, { component, version }).kind).toBe("compatible");
          }
        }
        if (made.feasible) {
          feasible++;
          expect(Object.fromEntries([...now].map(([c, list]) => [c, [...list]]))).toEqual(
            Object.fromEntries(Object.entries(target).map(([c, version]) => [c, [version]])),
          );
        }
      }),
      { numRuns: 3000 },
    );
    expect(feasible).toBeGreaterThan(50);
  });

  it("gives the same bytes for the same input, whatever the order of its keys", () => {
    fc.assert(
      fc.property(instance, ({ facts, live }) => {
        const reversed = Object.fromEntries(Object.entries(live).toReversed());
        expect(JSON.stringify(plan(facts.toReversed(), reversed, target))).toBe(
          JSON.stringify(plan(facts, live, target)),
        );
      }),
      { numRuns: 300 },
    );
  });
});
