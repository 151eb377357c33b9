import { type Label, type Limits, OrderSearch } from "./find-order.ts";
import type { Problem, VersionId } from "./problem.ts";
import { pathOf } from "./route.ts";
import { type Order, writeOrder } from "./write-order.ts";
import { subsets } from "./subsets.ts";

/** Bounds on the effort to find the cheapest of the safe orders; beyond them the cheapest so far is taken. */
const retirementSetsMax = 4_000;
const pathsMax = 2_000;
const labelsMax = 20_000;

/** Whether there is any safe order; throws TooLargeError where the search grows beyond its bounds. */
export function orderExists(problem: Problem): boolean {
  return fitsInTheEnd(problem) && firstLimits(problem) !== null;
}

/**
 * The cheapest safe order: no lockstep rather than lockstep, then the fewest introductions of apps,
 * the fewest retirements of apps that others wait for, the fewest hops, the fewest waits. Null where
 * there is no safe order.
 */
export function cheapestOrder(problem: Problem): Order | null {
  if (!fitsInTheEnd(problem)) return null;
  const limits = firstLimits(problem);
  if (!limits) return null;
  const search = new OrderSearch(problem);
  let tried = 0;
  for (const retired of retirementSets(problem, limits)) {
    if (++tried > retirementSetsMax) break;
    const keeps = (app: VersionId): boolean => !retired.has(app);
    if (!search.first({ ...limits, keeps })) continue;
    // Other sets of the same size may allow for fewer hops.
    const orders: Order[] = [];
    for (const others of retirementSets(problem, limits)) {
      if (others.size > retired.size || ++tried > retirementSetsMax) break;
      if (others.size < retired.size) continue;
      const order = cheapestPath(search, { ...limits, keeps: (app) => !others.has(app) });
      if (order) orders.push(order);
    }
    const best = orders.toSorted(compareOrders)[0];
    if (best) return best;
  }
  return cheapestPath(search, limits);
}

/** What every order ends with: targets beside what can never leave. */
function fitsInTheEnd(problem: Problem): boolean {
  const final = problem.parts.flatMap(({ permanent, target }) =>
    target === null ? permanent : [...permanent, target],
  );
  const arrives = problem.parts.every(({ kind, old, permanent, target, targetLives }) => {
    if (kind === "service" || target === null || targetLives || permanent.length === 0) return true;
    return kind === "app" ? old.length > 0 : problem.groups.some(({ part }) => part.target === target);
  });
  return (
    arrives &&
    final.every((a) =>
      problem
        .partOf(a)
        .coupled.every((part) => final.every((b) => problem.partOf(b) !== part || problem.fits(a, b))),
    )
  );
}

/** The limits within which there is an order at all: as few introductions of apps as can be. */
function firstLimits(problem: Problem): Limits | null {
  const search = new OrderSearch(problem);
  const { pairing } = problem.request;
  for (const lockstep of pairing === "observed" ? [false, true] : [false]) {
    const limits = { keeps: () => false, appIntroductionsMax: Infinity, lockstep };
    const found = search.first(limits);
    if (found) return { ...limits, appIntroductionsMax: found.appIntroductions };
  }
  return null;
}

/** Sets of app versions that may be retired before the end, smallest first; what has to be is in each. */
function* retirementSets(
  problem: Problem,
  { appIntroductionsMax }: Limits,
): Generator<ReadonlySet<VersionId>> {
  const apps = problem.parts.filter(({ kind, moves }) => kind === "app" && moves);
  const direct = apps.filter(({ old, targetLives }) => old.length > 0 && !targetLives).length;
  const versions = apps.flatMap(({ hops, old }) => (appIntroductionsMax > direct ? [...old, ...hops] : old));
  const must = versions.filter((id) => problem.partOf(id).old.includes(id) && isInTheWay(problem, id));
  const may = versions.filter((id) => !must.includes(id) && isEverInTheWay(problem, id));
  for (let size = 0; size <= may.length; size++) {
    for (const chosen of subsets(may, size)) yield new Set([...must, ...chosen]);
  }
}

/** Whether some target cannot be introduced while an app version lives. */
function isInTheWay(problem: Problem, app: VersionId): boolean {
  return problem
    .partOf(app)
    .coupled.some(
      ({ kind, moves, target }) =>
        moves &&
        target !== null &&
        !problem.fits(target, app) &&
        !(kind === "firmware" && problem.request.pairing === "observed"),
    );
}

function isEverInTheWay(problem: Problem, app: VersionId): boolean {
  return problem
    .partOf(app)
    .coupled.some(
      ({ hops, moves, target }) =>
        moves && [...hops, ...(target === null ? [] : [target])].some((id) => !problem.fits(id, app)),
    );
}

function cheapestPath(search: OrderSearch, limits: Limits): Order | null {
  let best: Order | null = null;
  let paths = 0;
  for (const label of arrivals(search, limits, () => best?.hops ?? Infinity)) {
    if (++paths > pathsMax) break;
    const path = pathOf(search.problem, label);
    const order = writeOrder(search.problem, path, (app) => !limits.keeps(app));
    if (order && (best === null || compareOrders(order, best) < 0)) best = order;
  }
  return best;
}

/** Every order of apps and services within the limits, depth first: services before apps, by name. */
function* arrivals(search: OrderSearch, limits: Limits, hopsBelow: () => number): Generator<Label> {
  const stack = search.starts(limits).toReversed();
  for (let count = 0; count < labelsMax; count++) {
    const label = stack.pop();
    if (!label) return;
    if (label.services.filter((id) => search.problem.partOf(id).target !== id).length > hopsBelow()) continue;
    if (search.hasArrived(label)) yield label;
    else stack.push(...[...search.expand(label, limits)].toReversed());
  }
}

function compareOrders(a: Order, b: Order): number {
  return a.hops - b.hops || a.waits - b.waits;
}
