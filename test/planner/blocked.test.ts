import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Relation } from "../../src/compat/relation.ts";
import { type ComponentVersion, formatComponentVersion } from "../../src/compat/verdict.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import type { BlockedPair, Repair } from "../../src/planner/plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import { cheapestPlan } from "./brute-force.ts";
import { flavours, planQuestions, planRequest } from "./random-requests.ts";

const pairOf = (a: ComponentVersion, b: ComponentVersion): string =>
  [a, b].map(formatComponentVersion).toSorted().join(" ");
const nameOf = ({ a, b }: Pick<BlockedPair, "a" | "b">): string => [a, b].toSorted().join(" ");
const compatible = { kind: "compatible", evidence: [] } as const;

/** The request in a world where nothing but some pairs disagrees. */
function withOnly(request: PlanRequest, pairs: readonly string[]): PlanRequest {
  const { relation } = request;
  const verdict: Relation["verdict"] = (a, b) =>
    pairs.includes(pairOf(a, b)) ? relation.verdict(a, b) : compatible;
  return { ...request, relation: { ...relation, verdict } };
}

/** Every pair of versions that could play a part and is not compatible. */
function disagreementsOf({ relation, live, target }: PlanRequest): string[] {
  const all = Object.keys(target).flatMap((component) =>
    [...new Set([...relation.versions(component), ...(live[component] ?? [])])].map((version) => ({
      component,
      version,
    })),
  );
  const pairs = all.flatMap((a) =>
    all
      .filter((b) => relation.verdict(a, b).kind !== "compatible" && a.component !== b.component)
      .map((b) => pairOf(a, b)),
  );
  return [...new Set(pairs)];
}

/** The request as it is once a repair is made; null for those that need a version nobody has. */
function repaired(request: PlanRequest, { change, kind }: Repair): PlanRequest | null {
  const { relation, live, target } = request;
  switch (kind) {
    case "pairing":
      return { ...request, pairing: "observed" };
    case "floor": {
      const [, names = ""] = /^Refuse (.*) with a hard floor/.exec(change) ?? [];
      const gone = names.split(" and ").map((each) => each.replace(" ", "@"));
      const left = (component: string, version: string): boolean => !gone.includes(`${component}@${version}`);
      const field = Object.entries(live).map(([name, list]) => [
        name,
        list.filter((each) => left(name, each)),
      ]);
      return { ...request, live: Object.fromEntries(field) };
    }
    case "requires": {
      const settled = [...change.matchAll(/that (\S+) fits (\S+?)(?=,| and|$)/g)].map(([, a = "", b = ""]) =>
        nameOf({ a, b }),
      );
      const verdict: Relation["verdict"] = (a, b) =>
        settled.includes(pairOf(a, b)) ? compatible : relation.verdict(a, b);
      return { ...request, relation: { ...relation, verdict } };
    }
    case "artifact": {
      const [, name, version] = /^Give (\S+) (\S+) its/.exec(change) ?? [];
      const facts: Relation["facts"] = (component, of) => {
        const known = relation.facts(component, of);
        if (component !== name || of !== version || known === null) return known;
        return {
          ...known,
          installable: true,
          hardware: relation.facts(component, target[component]!)!.hardware,
        };
      };
      return { ...request, relation: { ...relation, facts } };
    }
    case "installs-over": {
      const [, name, version, list = ""] = /^Let (\S+) (\S+) install over (.*)$/.exec(change) ?? [];
      const installsOver: Relation["installsOver"] = (over, installed) =>
        (over.component === name && over.version === version && list.split(", ").includes(installed)) ||
        relation.installsOver(over, installed);
      return { ...request, relation: { ...relation, installsOver } };
    }
    case "bridges":
    case "bridging-firmware":
    case "tolerant-app":
      return null;
  }
}

describe("an infeasible plan", () => {
  for (const [name, flavour] of Object.entries(flavours)) {
    const blockedQuestions = planQuestions(flavour).filter(
      (question) => cheapestPlan(planRequest(question)) === null,
    );

    it(`shows pairs that rule every order out, and none too many: ${name}`, { timeout: 120_000 }, () => {
      let withPairs = 0;
      fc.assert(
        fc.property(blockedQuestions, (question) => {
          const request = planRequest(question);
          const pairs = makePlan(request).blocked!.pairs.filter(
            ({ a, b }) => a.split("@")[0] !== b.split("@")[0],
          );
          const names = pairs.map(nameOf);
          for (const { a, b, verdict, evidence } of pairs) {
            const [one, other] = [a, b].map((each) => {
              const [component = "", version = ""] = each.split("@");
              return { component, version };
            });
            expect(request.relation.verdict(one!, other!).kind).toBe(verdict);
            expect(verdict).not.toBe("compatible");
            expect(evidence).not.toBe("");
          }
          expect(cheapestPlan(withOnly(request, names))).toBeNull();
          for (const dropped of names) {
            const rest = names.filter((each) => each !== dropped);
            expect([dropped, cheapestPlan(withOnly(request, rest)) !== null]).toEqual([dropped, true]);
          }
          if (names.length > 0) withPairs++;
          if (names.length < 2) return;
          for (const single of disagreementsOf(request)) {
            expect([single, cheapestPlan(withOnly(request, [single])) !== null]).toEqual([single, true]);
          }
        }),
        { numRuns: 60, seed: 20_261_122 },
      );
      expect(withPairs).toBeGreaterThan(20);
    });

    it(`lists no repair that does not repair: ${name}`, { timeout: 120_000 }, () => {
      const checked = new Map<string, number>();
      fc.assert(
        fc.property(blockedQuestions, (question) => {
          const request = planRequest(question);
          const { repairs } = makePlan(request).blocked!;
          expect(repairs.length).toBeLessThanOrEqual(3);
          for (const repair of repairs) {
            checked.set(repair.kind, (checked.get(repair.kind) ?? 0) + 1);
            const changed = repaired(request, repair);
            if (!changed) continue;
            const made = makePlan(changed);
            expect([repair.change, made.feasible, made.steps.length]).toEqual([
              repair.change,
              true,
              repair.steps,
            ]);
            expect([repair.change, cheapestPlan(changed)?.steps.length]).toEqual([
              repair.change,
              repair.steps,
            ]);
          }
        }),
        { numRuns: 100, seed: 20_261_122 },
      );
      expect([...checked.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
    });
  }
});
