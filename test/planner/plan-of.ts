import type { VersionFacts } from "../../src/compat/relation.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import type { Plan } from "../../src/planner/plan.ts";
import { type PlanQuestion, planRequest } from "./random-requests.ts";

/** The plan for some facts and a field; `arbitrary` pairing unless said otherwise. */
export function planOf(
  facts: readonly VersionFacts[],
  live: Readonly<Record<string, readonly string[]>>,
  target: Readonly<Record<string, string>>,
  more: Partial<Pick<PlanQuestion, "pairing" | "hardware">> = {},
): Plan {
  return makePlan(planRequest({ facts, live, target, pairing: "arbitrary", ...more }));
}

/** The steps of a plan as words: `stage fan@2.0.0`. */
export function stepsOf({ steps }: Plan): string[] {
  return steps.map(
    ({ action, component, staged, version }) => `${staged ? "stage" : action} ${component}@${version}`,
  );
}
