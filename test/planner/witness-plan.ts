import { formatComponentVersion } from "../../src/compat/verdict.ts";
import { compareVersions } from "../../src/compat/versions.ts";
import type { Plan, PlanStep } from "../../src/planner/plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import type { BruteStep, CheapestPlan } from "./brute-force.ts";

/** The steps of the brute force as a plan, so that the checker of plans can be held against it. */
export function witnessPlan(
  request: PlanRequest,
  { steps }: CheapestPlan,
  head: Pick<Plan, "broken" | "stuck">,
): Plan {
  const sortedField = Object.entries(request.live).map(([name, list]) => [
    name,
    list.toSorted(compareVersions),
  ]);
  return {
    schemaVersion: 1,
    feasible: true,
    product: request.product,
    release: request.release,
    field: Object.fromEntries(sortedField),
    ...head,
    steps: steps.map((step, index) => ({
      id: `s${index + 1}`,
      ...planStep(request, step, steps.slice(0, index)),
    })),
    blocked: null,
  };
}

function planStep(
  request: PlanRequest,
  step: BruteStep,
  earlier: readonly BruteStep[],
): Omit<PlanStep, "id"> {
  const { action, awaited, component, guarded, replaces, staged, version } = step;
  const { relation, live } = request;
  const fitting = (app: string): string =>
    relation
      .versions(app)
      .filter((each) => relation.verdict(step, { component: app, version: each }).kind === "compatible")
      .join(" || ");
  const { target } = request;
  const own = earlier.filter((each) => each.component === component).map((each) => each.version);
  const [floor] = [...(live[component] ?? []), ...own]
    .filter((each) => compareVersions(each, target[component]!) <= 0)
    .filter((each) => relation.facts(component, each)?.stuck === undefined)
    .toSorted(compareVersions)
    .toReversed();
  return {
    action,
    component,
    version,
    replaces,
    guard: guarded.length > 0 ? Object.fromEntries(guarded.map((app) => [app, fitting(app)])) : null,
    reversible: relation.facts(component, version)?.kind !== "app" && action === "introduce",
    why: `takes ${formatComponentVersion(step)} on`,
    ...(staged ? { staged: true } : {}),
    ...(awaited && floor !== undefined ? { floor } : {}),
  };
}
