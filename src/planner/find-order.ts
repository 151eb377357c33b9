import type { Relation } from "../compat/relation.ts";
import { cheapestOrder, type Order } from "./cheapest-order.ts";
import type { PlanRequest } from "./plan-request.ts";
import { type Problem, problemOf } from "./problem.ts";
import { TooLargeError } from "./too-large-error.ts";

/** So many of the newest intermediate versions of each component are tried where all are too many. */
const fewHops = 3;

/**
 * The cheapest safe order. Most releases need no intermediate version, and that is found out first:
 * with many versions of many coupled components there are more combinations than can be searched.
 * Throws TooLargeError where that is so and there is no order without, or with a few of them.
 */
export function findOrder(request: PlanRequest): { readonly problem: Problem; readonly order: Order | null } {
  const problem = problemOf(request);
  if (problem.parts.every(({ hops }) => hops.length === 0)) return { problem, order: cheapestOrder(problem) };
  const direct = withHops(request, problem, 0);
  if (direct.order?.isLeast) return direct;
  try {
    return { problem, order: cheapestOrder(problem) };
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    // Not proved to be the cheapest, but safe.
    const found = direct.order ? direct : withHops(request, problem, fewHops);
    if (!found.order) throw error;
    return found;
  }
}

/** The order with none but the newest intermediate versions; one that leaves more devices behind does not count. */
function withHops(
  request: PlanRequest,
  all: Problem,
  newest: number,
): { problem: Problem; order: Order | null } {
  const { relation, target } = request;
  const kept = new Set(
    all.parts.flatMap(({ component, hops }) =>
      hops
        .toReversed()
        .slice(0, newest)
        .map((id) => `${component} ${all.versionOf(id)}`),
    ),
  );
  const facts: Relation["facts"] = (component, version) => {
    const known = relation.facts(component, version);
    const isHop = version !== target[component] && !kept.has(`${component} ${version}`);
    return known && isHop ? { ...known, installable: false } : known;
  };
  const problem = problemOf({ ...request, relation: { ...relation, facts } });
  if (problem.lost > all.lost) return { problem, order: null };
  try {
    return { problem, order: cheapestOrder(problem) };
  } catch (error) {
    if (error instanceof TooLargeError) return { problem, order: null };
    throw error;
  }
}
