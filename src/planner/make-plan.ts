import { IotctlError } from "../base/errors.ts";
import type { LiveSets } from "../compat/relation.ts";
import { formatComponentVersion } from "../compat/verdict.ts";
import { orderVersions } from "../compat/versions.ts";
import { blockedPair } from "./blocked-pairs.ts";
import { blockingSet } from "./blocking-set.ts";
import { canArrive, type Order } from "./cheapest-order.ts";
import { explainSteps } from "./explain-steps.ts";
import { joinOrders } from "./join-orders.ts";
import type { BlockedPair, Plan, PlanStep, StuckVersion } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import type { Problem } from "./problem.ts";
import { findOrder } from "./find-order.ts";
import { findRepairs } from "./find-repairs.ts";
import { splitRequest } from "./split-request.ts";
import { TooLargeError } from "./too-large-error.ts";

/**
 * Orders the steps of a release so that no pair that may meet is ever anything but compatible: at
 * every prefix, and when stopped or rolled back after any prefix. Exact: it finds an order whenever
 * there is one, and the cheapest (docs/planning.md). Where there is none it says which pairs rule
 * every order out, and what would make one. The same input gives the same plan.
 *
 * @throws IotctlError IOT_PLAN_TOO_LARGE when there are more combinations than can be searched
 */
export function makePlan(request: PlanRequest): Plan {
  try {
    const pieces = splitRequest(request).map((piece) => ({ request: piece, ...findOrder(piece) }));
    const plan = {
      schemaVersion: 1,
      product: request.product,
      release: request.release,
      field: sortedField(request.live),
      broken: brokenPairs(request),
      stuck: pieces.flatMap(({ problem }) => problem.stuck).toSorted(byComponent),
    } as const;
    const none = pieces.find(({ order }) => order === null);
    if (!none) return inOrder({ ...plan, feasible: true, steps: stepsOf(pieces), blocked: null });
    const pairs = blockingSet(none.request);
    const blocked = {
      pairs: pairs.length > 0 ? pairs : unreachable(none.problem),
      repairs: findRepairs(request, pairs),
    };
    return inOrder({ ...plan, feasible: false, steps: [], blocked });
  } catch (error) {
    if (error instanceof TooLargeError) throw tooLarge(request, error);
    throw error;
  }
}

function stepsOf(pieces: readonly { readonly problem: Problem; readonly order: Order | null }[]): PlanStep[] {
  const orders = pieces.map(({ order, problem }) => ({ problem, steps: order?.steps ?? [] }));
  const explained = orders.map(({ problem, steps }) => explainSteps(problem, steps));
  return joinOrders(orders).map(({ index, piece }, at) => ({
    ...explained[piece]![index]!,
    id: `s${at + 1}`,
  }));
}

function byComponent(a: StuckVersion, b: StuckVersion): number {
  return a.component < b.component ? -1 : a.component > b.component ? 1 : 0;
}

/** The members in the order in which they are documented. */
function inOrder({
  schemaVersion,
  feasible,
  product,
  release,
  field,
  broken,
  stuck,
  steps,
  blocked,
}: Plan): Plan {
  return { schemaVersion, feasible, product, release, field, broken, stuck, steps, blocked };
}

function sortedField(live: LiveSets): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(live)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([component, versions]) => [component, versions.toSorted(orderVersions)]),
  );
}

/** Declared incompatible pairs that live together today. */
function brokenPairs({ live, relation }: PlanRequest): BlockedPair[] {
  const field = Object.entries(sortedField(live)).flatMap(([component, versions]) =>
    versions.map((version) => ({ component, version })),
  );
  return field.flatMap((a, index) =>
    field.slice(index + 1).flatMap((b) => {
      const pair = a.component === b.component ? null : blockedPair(a, b, relation);
      return pair?.verdict === "incompatible" ? [pair] : [];
    }),
  );
}

/** Nothing in the field of a component can get to its target, whatever fits. */
function unreachable(problem: Problem): BlockedPair[] {
  const lost = problem.parts.filter((part) => !canArrive(problem, part)).map(({ component }) => component);
  return problem.stuck.flatMap(({ component, version, why }) => {
    if (!lost.includes(component)) return [];
    const target = problem.request.target[component] ?? "";
    const [a, b] = [
      { component, version: target },
      { component, version },
    ].map(formatComponentVersion);
    return [{ a: a!, b: b!, verdict: "incompatible" as const, evidence: why }];
  });
}

function tooLarge({ product, release }: PlanRequest, cause: Error): IotctlError {
  return new IotctlError(
    "IOT_PLAN_TOO_LARGE",
    `${product} ${release} couples more versions with one another than can be searched for an order.`,
    { hints: ["Leave out of known: what nobody runs any more", "Release fewer components at once"], cause },
  );
}
