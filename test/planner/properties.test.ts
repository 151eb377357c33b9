import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compatibilityMatrix, overallVerdict } from "../../src/compat/compatibility-matrix.ts";
import type { Relation } from "../../src/compat/relation.ts";
import type { ComponentVersion } from "../../src/compat/verdict.ts";
import { satisfies } from "../../src/compat/versions.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import type { PlanStep } from "../../src/planner/plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import { flavours, type PlanQuestion, planQuestions, planRequest } from "./random-requests.ts";

const questions = fc.oneof(...Object.values(flavours).map(planQuestions));

/** The same question with pins that list versions, so that one pair can be added and nothing else changes. */
function withListedPins(question: PlanQuestion, added: readonly ComponentVersion[] = []): PlanQuestion {
  const { relation } = planRequest(question);
  const isAdded = (one: ComponentVersion, other: ComponentVersion): boolean =>
    [one, other].every((each) =>
      added.some(({ component, version }) => component === each.component && version === each.version),
    );
  const facts = question.facts.map((fact) => {
    const peers = relation
      .components()
      .filter((other) => other !== fact.component && relation.coupled(fact.component, other));
    const requires = peers.map((component): [string, string] => {
      const fitting = relation
        .versions(component)
        .map((version) => ({ component, version }))
        .filter((other) => relation.verdict(fact, other).kind === "compatible" || isAdded(fact, other));
      return [component, fitting.map(({ version }) => version).join(" || ") || "0.0.1"];
    });
    return { ...fact, requires: Object.fromEntries(requires) };
  });
  return { ...question, facts };
}

const withoutWhy = (step: PlanStep): PlanStep => ({ ...step, why: "" });

function withVerdict(request: PlanRequest, verdict: Relation["verdict"]): PlanRequest {
  return { ...request, relation: { ...request.relation, verdict } };
}

describe("makePlan", () => {
  it("never loses its plan when one more pair is compatible", { timeout: 120_000 }, () => {
    let feasible = 0;
    fc.assert(
      fc.property(questions, fc.nat(), fc.nat(), (question, one, other) => {
        const listed = withListedPins(question);
        const before = makePlan(planRequest(listed));
        if (!before.feasible) return;
        feasible++;
        const { relation } = planRequest(listed);
        const pairs = listed.facts.flatMap((a) =>
          listed.facts.filter((b) => relation.verdict(a, b).kind !== "compatible").map((b) => [a, b]),
        );
        if (pairs.length === 0) return;
        const more = withListedPins(listed, pairs[(one * 31 + other) % pairs.length]);
        expect(makePlan(planRequest(more)).feasible).toBe(true);
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(feasible).toBeGreaterThan(50);
  });

  it("has nothing to do once the target is reached", () => {
    fc.assert(
      fc.property(questions, (question) => {
        const live = Object.fromEntries(
          Object.entries(question.target).map(([name, version]) => [name, [version]]),
        );
        const { hardware: _, ...rest } = question;
        const made = makePlan(planRequest({ ...rest, live }));
        if (made.broken.length === 0)
          expect(made).toMatchObject({ feasible: true, steps: [], blocked: null });
        else expect(made).toMatchObject({ feasible: false, steps: [] });
      }),
    );
  });

  it("takes what nobody declared for incompatible", { timeout: 120_000 }, () => {
    let unknowns = 0;
    fc.assert(
      fc.property(questions, (question) => {
        const request = planRequest(question);
        let met = false;
        const strict = withVerdict(request, (a, b) => {
          const verdict = request.relation.verdict(a, b);
          if (verdict.kind !== "unknown") return verdict;
          met = true;
          return { ...verdict, kind: "incompatible" };
        });
        const [made, taken] = [makePlan(request), makePlan(strict)];
        expect([taken.feasible, taken.steps.map(withoutWhy)]).toEqual([
          made.feasible,
          made.steps.map(withoutWhy),
        ]);
        if (met) unknowns++;
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(unknowns).toBeGreaterThan(100);
  });

  it("takes no unguarded step that the question for one version would refuse", { timeout: 120_000 }, () => {
    let asked = 0;
    fc.assert(
      fc.property(questions, (question) => {
        const request = planRequest(question);
        const made = makePlan(request);
        const live = new Map(Object.entries(request.live).map(([name, list]) => [name, new Set(list)]));
        const bridged = made.steps.some(({ staged }) => staged);
        for (const { action, component, guard, staged, version } of made.steps) {
          if (staged) continue;
          if (action === "retire") live.get(component)!.delete(version);
          else {
            const others = [...live]
              .filter(([name]) => name !== component)
              .flatMap(([name, list]) => [...list].map((each) => ({ component: name, version: each })));
            const isBehindGuard = (other: ComponentVersion): boolean =>
              guard?.[other.component] !== undefined && !satisfies(other.version, guard[other.component]!);
            const rows = compatibilityMatrix(
              { component, version },
              others.filter((other) => !isBehindGuard(other)),
              request.relation,
            );
            if (!bridged) expect(overallVerdict(rows)).toBe("compatible");
            asked++;
            live.get(component)!.add(version);
          }
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(asked).toBeGreaterThan(200);
  });

  it("gives the same bytes for the same input, whatever the order of its keys", { timeout: 120_000 }, () => {
    const turned = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(record).toReversed());
    fc.assert(
      fc.property(questions, (question) => {
        const live = Object.fromEntries(
          Object.entries(turned(question.live)).map(([name, list]) => [name, list.toReversed()]),
        );
        const other: PlanQuestion = {
          facts: question.facts.toReversed(),
          live,
          target: turned(question.target),
          pairing: question.pairing,
          ...(question.hardware ? { hardware: turned(question.hardware) } : {}),
        };
        const bytes = (asked: PlanQuestion): string => JSON.stringify(makePlan(planRequest(asked)));
        expect(bytes(other)).toBe(bytes(question));
      }),
      { numRuns: 400 },
    );
  });
});
