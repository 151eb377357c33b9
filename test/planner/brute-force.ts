import type { PlanRequest } from "../../src/planner/plan-request.ts";
import { type Move, movesFrom, type State } from "./brute-moves.ts";
import { describeWorld, indicesOf, union, type World } from "./brute-world.ts";

/** What plans are compared by, most important first. */
export interface PlanCost {
  readonly lockstep: number;
  readonly appIntroductions: number;
  readonly awaitedAppRetirements: number;
  readonly intermediates: number;
}

export interface BruteStep {
  readonly action: "introduce" | "retire";
  readonly component: string;
  readonly version: string;
  readonly staged: boolean;
  readonly replaces: readonly string[];
  /** Apps that a guarded introduction waits for. */
  readonly guarded: readonly string[];
  /** Whether an app's retirement comes before an introduction. */
  readonly awaited: boolean;
}

export interface CheapestPlan {
  readonly cost: PlanCost;
  /** The shortest among the cheapest. */
  readonly steps: readonly BruteStep[];
}

interface Node {
  readonly state: State;
  readonly price: number;
  readonly from: Node | null;
  readonly move: Move | null;
}

/**
 * The cheapest safe plan, by search through every state that the field can be brought into (A*), or
 * null when there is none. A transcript of docs/planning.md for a handful of versions, which knows
 * nothing of how the planner works.
 */
export function cheapestPlan(request: PlanRequest): CheapestPlan | null {
  const world = describeWorld(request);
  if (!world) return null;
  const live = world.places.map(({ field }) => field);
  const state = { live, introduced: 0, retired: 0, staged: 0, pending: 0, leaving: 0, ending: false };
  const lowestPrice = new Map([[keyOf(state), 0]]);
  const queue = new Map<number, Node[]>([[0, [{ state, price: 0, from: null, move: null }]]]);
  while (queue.size > 0) {
    const first = Math.min(...queue.keys());
    const bucket = queue.get(first)!;
    const node = bucket.pop()!;
    if (bucket.length === 0) queue.delete(first);
    if (node.price > lowestPrice.get(keyOf(node.state))!) continue;
    if (isDone(world, node.state)) return { cost: costOf(node.price), steps: stepsTo(world, node) };
    for (const move of movesFrom(world, node.state)) {
      const next = { state: move.state, price: node.price + priceOf(move, node.state), from: node, move };
      const key = keyOf(next.state);
      if (next.price >= (lowestPrice.get(key) ?? Infinity)) continue;
      lowestPrice.set(key, next.price);
      const total = next.price + stillToPay(world, next.state);
      queue.set(total, [...(queue.get(total) ?? []), next]);
    }
  }
  return null;
}

/** The parts of a cost packed into one number, two digits each. */
const prices = { step: 1, intermediate: 1e2, awaitedAppRetirement: 1e4, appIntroduction: 1e6, lockstep: 1e8 };

function priceOf({ action, awaited, staged, version }: Move, before: State): number {
  if (staged) return prices.step + (before.staged === 0 ? prices.lockstep : 0);
  if (action === "drain") return 0;
  if (action === "retire") return prices.step + (awaited ? prices.awaitedAppRetirement : 0);
  return (
    prices.step +
    (version.kind === "app" ? prices.appIntroduction : 0) +
    (version.isTarget ? 0 : prices.intermediate)
  );
}

function costOf(price: number): PlanCost {
  const part = (unit: number): number => Math.floor(price / unit) % 100;
  return {
    lockstep: part(prices.lockstep),
    appIntroductions: part(prices.appIntroduction),
    awaitedAppRetirements: part(prices.awaitedAppRetirement),
    intermediates: part(prices.intermediate),
  };
}

/** What is left to pay at the very least: every target that is due, every version that has to go. */
function stillToPay(world: World, { introduced, live }: State): number {
  const due = indicesOf(world.due & ~introduced);
  const apps = due.filter((index) => world.versions[index]!.kind === "app").length;
  const going = indicesOf(union(live) & ~world.goal).length;
  return apps * prices.appIntroduction + (due.length + going) * prices.step;
}

function isDone(world: World, { introduced, live, leaving, pending }: State): boolean {
  const isHome = live.every((mask, at) => (mask & ~world.places[at]!.stuck & ~world.targets) === 0);
  return (
    isHome && union(live) === world.goal && (world.due & ~introduced) === 0 && leaving === 0 && pending === 0
  );
}

function stepsTo(world: World, { from, move }: Node): BruteStep[] {
  if (!from || !move) return [];
  const { action, awaited, staged, version } = move;
  if (action === "drain") return stepsTo(world, from);
  const step = {
    action,
    component: version.component,
    version: version.version,
    staged,
    replaces: indicesOf(move.replaces).map((index) => world.versions[index]!.version),
    guarded: [...new Set(indicesOf(move.guarded).map((index) => world.versions[index]!.component))],
    awaited,
  };
  return [...stepsTo(world, from), step];
}

function keyOf({ ending, introduced, leaving, live, pending, retired, staged }: State): string {
  return [...live, introduced, retired, staged, pending, leaving, ending].join();
}
