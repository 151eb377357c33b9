import { describe, expect, it } from "vitest";
import { createRelation, type VersionFacts } from "../../src/compat/relation.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import { fact } from "../support/facts.ts";

/** Parts of one machine that all have to fit one another, each with many versions. */
function machine(parts: number, versions: number, requires: (version: number) => string): PlanRequest {
  const names = Array.from({ length: parts }, (_, index) => `part-${index}`);
  const facts: VersionFacts[] = names.flatMap((name) =>
    Array.from({ length: versions }, (_, index) =>
      fact(name, `${index + 1}.0.0`, {
        requires: Object.fromEntries(
          names.filter((other) => other !== name).map((other) => [other, requires(index + 1)]),
        ),
        installsOver: "*",
      }),
    ),
  );
  const live = Object.fromEntries(names.map((name) => [name, ["1.0.0"]]));
  const target = Object.fromEntries(names.map((name) => [name, `${versions}.0.0`]));
  return {
    product: "machine",
    release: "1.0.0",
    relation: createRelation(facts, live),
    live,
    target,
    pairing: "arbitrary",
  };
}

describe("findOrder", () => {
  it("needs no search through a long history where the release fits what lives", () => {
    const made = makePlan(machine(8, 30, () => "*"));
    expect(made.steps.map(({ action }) => action)).toEqual([
      ...Array.from({ length: 8 }, () => "introduce"),
      ...Array.from({ length: 8 }, () => "retire"),
    ]);
  });

  it("finds a way by the newest versions where there are too many to try all", () => {
    // The last version fits only the two before it, and these fit everything.
    const made = makePlan(machine(7, 20, (version) => (version === 20 ? ">=18.0.0" : "*")));
    expect(made.feasible).toBe(true);
  });

  it("says that it cannot tell where even those are too many", () => {
    // The last version fits only its own kind, so there is no way at all; but who could try them all?
    const request = machine(9, 20, (version) => (version === 20 ? "20.0.0" : "*"));
    expect(() => makePlan(request)).toThrow(expect.objectContaining({ code: "IOT_PLAN_TOO_LARGE", exit: 3 }));
  });
});
