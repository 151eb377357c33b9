// The relation remembers what it has read; here it is held against the plain formula that reads anew.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type ComponentVersion, createRelation, type LiveSets } from "../../src/compat/relation.ts";
import type { VersionFacts } from "../../src/compat/relation.ts";
import { compareVersions, isVersion, satisfies } from "../../src/compat/versions.ts";
import { fact } from "../support/facts.ts";

const components = ["app", "cloud", "fan", "lamp"] as const;
const versions = ["1.0.0", "1.5.0", "2.0.0-rc.1", "2.0.0", "2.0.0+build", "v1.0.0", "1.5", "ci-build", ""];
const ranges = [">=1.0.0", "<2.0.0", "^1.5.0", "2.0.0", ">=2.0.0-0", "1.x || 2.0.0-rc.1", "*", ">=oops"];

const component = fc.constantFrom(...components);
const version = fc.constantFrom(...versions);
const range = fc.constantFrom(...ranges);
const anyFact = fc
  .record({
    component,
    version,
    requires: fc.dictionary(component, range, { maxKeys: 2 }),
    installsOver: fc.option(range, { nil: undefined }),
  })
  .map(({ installsOver, requires, ...named }) =>
    fact(named.component, named.version, { requires, ...(installsOver !== undefined && { installsOver }) }),
  );
const anyLive = fc.dictionary(component, fc.uniqueArray(version, { maxLength: 3 }), { maxKeys: 3 });
const anyVersion: fc.Arbitrary<ComponentVersion> = fc.record({ component, version });

/** What DESIGN says of a pair, in one go; the last facts about a version count. */
function formula(facts: readonly VersionFacts[], live: LiveSets, a: ComponentVersion, b: ComponentVersion) {
  const names = (from: string, to: string): boolean =>
    facts.some((each) => each.component === from && to in each.requires);
  if (!names(a.component, b.component) && !names(b.component, a.component)) return "compatible: uncoupled";
  const declared = [
    [a, b],
    [b, a],
  ].flatMap(([from, to]) => {
    const own = facts.findLast(
      (each) => each.component === from!.component && each.version === from!.version,
    );
    const needed = own?.requires[to!.component];
    return needed === undefined ? [] : [{ range: needed, holds: satisfies(to!.version, needed) }];
  });
  if (declared.length > 0) {
    const kind = declared.every(({ holds }) => holds) ? "compatible" : "incompatible";
    return `${kind}: ${declared.map((each) => `${each.range} ${each.holds}`).join(", ")}`;
  }
  const lives = (each: ComponentVersion): boolean => live[each.component]?.includes(each.version) ?? false;
  return lives(a) && lives(b) ? "compatible: field" : "unknown: silent";
}

it("gives the verdicts of the formula, with its evidence, also when asked again", () => {
  fc.assert(
    fc.property(
      fc.array(anyFact, { maxLength: 8 }),
      anyLive,
      fc.array(fc.tuple(anyVersion, anyVersion), { maxLength: 20 }),
      (facts, live, pairs) => {
        const relation = createRelation(facts, live);
        for (const [a, b] of [...pairs, ...pairs.map(([one, other]) => [other, one] as const), ...pairs]) {
          const { evidence, kind } = relation.verdict(a, b);
          const said = evidence.map((each) =>
            each.kind === "declared" ? `${each.range} ${each.holds}` : each.kind,
          );
          expect(`${kind}: ${said.join(", ")}`).toBe(formula(facts, live, a, b));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it("installs over what the formula says", () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 6 }), anyVersion, version, (facts, target, installed) => {
      const own = facts.findLast(
        (each) => each.component === target.component && each.version === target.version,
      );
      const expected =
        isVersion(installed) &&
        (own?.installsOver === undefined
          ? compareVersions(installed, target.version) < 0
          : satisfies(installed, own.installsOver));
      expect(createRelation(facts).installsOver(target, installed)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

it("lists versions lowest first, and components by name", () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 8 }), anyLive, (facts, live) => {
      const relation = createRelation(facts, live);
      const named = [...facts.map((each) => each.component), ...Object.keys(live)];
      expect(relation.components()).toEqual([...new Set(named)].toSorted());
      for (const each of components) {
        const own = new Set(facts.filter((one) => one.component === each).map((one) => one.version));
        expect(relation.versions(each)).toEqual([...own].toSorted(compareVersions));
        expect(relation.versions(each)).toEqual(relation.versions(each));
      }
    }),
  );
});
