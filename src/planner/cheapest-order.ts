import { Dominance } from "./dominance.ts";
import { firstOrder } from "./first-order.ts";
import { MinQueue } from "./min-queue.ts";
import { costToCome, introductionsToCome } from "./lower-bounds.ts";
import { type Label, OrderSearch, type RetirementChoices } from "./order-search.ts";
import type { Part, VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { pathOf } from "./route.ts";
import { TooLargeError } from "./too-large-error.ts";
import { type WrittenOrder, writeOrder } from "./write-order.ts";

export interface Order extends WrittenOrder {
  /** Whether no order can be cheaper, whatever intermediate versions there are. */
  readonly isLeast: boolean;
}

/** Bounds on the effort for the cheapest of the safe orders; beyond them the cheapest so far is taken. */
const labelsMax = 3_000;
const ordersMax = 60;
/** Orders that cost the same are written out too, for the one with the fewest waits. */
const tiesMax = 8;

/** Whether there is any safe order. Throws TooLargeError where the search grows beyond its bounds. */
export function orderExists(problem: Problem): boolean {
  return fitsInTheEnd(problem) && first(new OrderSearch(problem)) !== null;
}

/**
 * The cheapest safe order: no lockstep rather than lockstep, then the fewest introductions of apps,
 * the fewest retirements of apps that others wait for, the fewest hops, the fewest waits. Null where
 * there is no safe order. Throws TooLargeError where the search grows beyond its bounds.
 */
export function cheapestOrder(problem: Problem): Order | null {
  if (!fitsInTheEnd(problem)) return null;
  const search = new OrderSearch(problem);
  const found = first(search);
  if (!found) return null;
  const { label, lockstep } = found;
  return cheapest(search, lockstep, label.appIntroductions) ?? write(search, label, lockstep);
}

/** What every order ends with: targets beside what can never leave. */
function fitsInTheEnd(problem: Problem): boolean {
  const final = problem.parts.flatMap(({ permanent, target }) =>
    target === null ? permanent : [...permanent, target],
  );
  const { fits, partOf } = problem;
  return (
    problem.parts.every((part) => canArrive(problem, part)) &&
    final.every((a) => final.every((b) => !partOf(a).coupled.includes(partOf(b)) || fits(a, b)))
  );
}

/** Whether somebody can come to the target of a component, whatever fits. */
export function canArrive({ groups }: Problem, part: Part): boolean {
  const { kind, old, permanent, target, targetLives } = part;
  if (kind === "service" || target === null || targetLives || permanent.length === 0) return true;
  return kind === "app" ? old.length > 0 : groups.some((group) => group.part === part);
}

function first(search: OrderSearch): { label: Label; lockstep: boolean } | null {
  for (const lockstep of search.problem.hasBridges ? [false, true] : [false]) {
    const label = firstOrder(search, lockstep);
    if (label) return { label, lockstep };
  }
  return null;
}

interface Candidate {
  readonly label: Label;
  /** What the order costs at least, whatever follows. */
  readonly costMin: number;
  readonly depth: number;
  readonly number: number;
}

/** Best first, with lower bounds for what is to come. */
function cheapest(search: OrderSearch, lockstep: boolean, appIntroductionsMax: number): Order | null {
  const choices = retirementChoices(search.problem);
  const open = new MinQueue<Candidate>(compareCandidates);
  const seen = new Dominance(costsNoMore);
  const introductionsMin = introductionsToCome(search, lockstep);
  const costMin = costToCome(search);
  let number = 0;
  const put = (label: Label, depth: number): void => {
    if (label.appIntroductions + introductionsMin(label) > appIntroductionsMax) return;
    open.push({ label, depth, costMin: costMin(label), number: number++ });
  };
  for (const label of search.starts(choices)) put(label, 0);
  let best: { order: Order; retired: number } | null = null;
  let orders = 0;
  let ties = 0;
  let count = 0;
  for (let next = open.take(); next && count < labelsMax; next = open.take(), count++) {
    const { depth, label } = next;
    if (best) {
      const worse = label.retired.length > best.retired || next.costMin > best.order.cost;
      if (worse || orders >= ordersMax || (next.costMin === best.order.cost && ++ties > tiesMax)) break;
    }
    if (seen.includes(label)) continue;
    if (search.hasArrived(label)) {
      orders++;
      const order = write(search, label, lockstep);
      if (order && (!best || compareOrders(order, best.order) < 0))
        best = { order, retired: label.retired.length };
    } else for (const after of search.expand(label, lockstep, choices)) put(after, depth + 1);
  }
  // What was found cannot be written down where devices would have to come by one version twice.
  if (!best && count >= labelsMax) throw new TooLargeError();
  return best?.order ?? null;
}

function write({ problem }: OrderSearch, label: Label, lockstep: boolean): Order | null {
  const order = writeOrder(problem, pathOf(problem, label), (app) => label.retired.includes(app));
  const unavoidable = mustRetire(problem);
  return (
    order && {
      ...order,
      isLeast: !lockstep && order.cost === 0 && label.retired.every((app) => unavoidable(app)),
    }
  );
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    a.label.retired.length - b.label.retired.length ||
    a.costMin - b.costMin ||
    b.depth - a.depth ||
    a.number - b.number
  );
}

function compareOrders(a: Order, b: Order): number {
  return a.cost - b.cost || a.waits - b.waits;
}

/** Whether an app version is in the way of some target, so that every order has to retire it. */
function mustRetire(problem: Problem): (app: VersionId) => boolean {
  const { pairing } = problem.request;
  return (app) =>
    problem.partOf(app).coupled.some(({ kind, moves, target }) => {
      if (!moves || target === null || (kind === "firmware" && pairing === "observed")) return false;
      return !problem.fits(target, app);
    });
}

/**
 * What is in the way of an intermediate version only may be retired or stay, and both are followed;
 * where there are guards, what is in nobody's way may still keep one from being used.
 */
function retirementChoices(problem: Problem): RetirementChoices {
  const isInTheWay = mustRetire(problem);
  const mayBeInTheWay = (app: VersionId): boolean =>
    problem.request.pairing === "observed" ||
    problem
      .partOf(app)
      .coupled.some(
        ({ hops, moves, target }) =>
          moves && [...hops, ...(target === null ? [] : [target])].some((id) => !problem.fits(id, app)),
      );
  return (replaced) => {
    const must = replaced.filter(isInTheWay);
    const may = replaced.filter((id) => !isInTheWay(id) && mayBeInTheWay(id));
    let sets: VersionId[][] = [must];
    for (const id of may.slice(0, choicesMax)) sets = sets.flatMap((set) => [set, [...set, id]]);
    return sets;
  };
}

/** Both ways are followed for so many versions at a time; the lowest are the likeliest to be in the way. */
const choicesMax = 6;

/** Whether one way to a stage costs no more than another, wherever devices may be. */
function costsNoMore(a: Label, b: Label): boolean {
  return (
    a.appIntroductions <= b.appIntroductions &&
    a.retired.length <= b.retired.length &&
    a.services.length <= b.services.length &&
    a.services.every((id) => b.services.includes(id)) &&
    b.reach.every((reach, index) => {
      const other = a.reach[index]!;
      if (reach.size > other.size) return false;
      for (const [key, { cost }] of reach) if ((other.get(key)?.cost ?? Infinity) > cost) return false;
      return true;
    })
  );
}
