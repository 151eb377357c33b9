import type { LiveSets, Relation } from "../compat/relation.ts";
import { type ComponentVersion, formatComponentVersion } from "../compat/verdict.ts";
import { compareVersions } from "../compat/versions.ts";
import { blockedPairs, finalConflicts } from "./blocked-pairs.ts";
import { type Move, pendingMoves } from "./moves.ts";
import { type Introduction, nextIntroduction, obstaclesOf } from "./next-introduction.ts";
import type { BlockedPair, Plan, PlanStep } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";

/**
 * Finds an order in which every component moves at most once and no pair that may meet is ever
 * anything but compatible: at every prefix, and when stopped or rolled back after any prefix.
 *
 * Taking any step that is safe now is exact here, not greedy: introducing one target never stands
 * in the way of another (targets must fit one another in the end anyway), and retiring only removes
 * obstacles. Retirements are placed where a later introduction needs them, the rest at the end.
 *
 * @throws IotctlError IOT_PLAN_NEEDS_HOPS when a firmware in the field cannot take the target at once
 */
export function makePlan(request: PlanRequest): Plan {
  const { relation, live, target } = request;
  const moves = pendingMoves(request);
  const conflicts = finalConflicts(request);
  if (conflicts.length > 0) return infeasible(request, conflicts);

  const steps: Omit<PlanStep, "id">[] = [];
  const current = new Map<string, Set<string>>(
    [...new Set([...Object.keys(live), ...Object.keys(target)])]
      .toSorted()
      .map((component) => [component, new Set(live[component]?.toSorted(compareVersions))]),
  );
  const introduced = new Set<string>(
    Object.keys(target).filter((component) => !moves.some((move) => move.component === component)),
  );
  let waiting = moves;

  while (waiting.length > 0) {
    const next = nextIntroduction(waiting, current, introduced, moves, request);
    if (!next) break;
    for (const gone of next.retirements) {
      current.get(gone.component)?.delete(gone.version);
      steps.push(
        retirement(gone, `${formatComponentVersion(next.move)} does not fit ${formatComponentVersion(gone)}`),
      );
    }
    current.get(next.move.component)?.add(next.move.version);
    introduced.add(next.move.component);
    steps.push(introduction(next.move, next.guard, next.retirements, current, relation));
    waiting = waiting.filter((move) => move !== next.move);
  }

  if (waiting.length > 0) {
    const pairs = waiting.flatMap((move) =>
      blockedPairs(move, obstaclesOf(move, current, request), relation),
    );
    return infeasible(request, pairs);
  }

  for (const move of moves) {
    for (const version of move.old) {
      if (!current.get(move.component)?.has(version)) continue;
      steps.push(
        retirement(
          { component: move.component, version },
          "nothing waits for it; it ends when nobody uses it any more",
        ),
      );
    }
  }
  return {
    schemaVersion: 1,
    feasible: true,
    product: request.product,
    release: request.release,
    field: sortedField(live),
    broken: [],
    stuck: [],
    steps: steps.map((step, index) => ({ id: `s${index + 1}`, ...step })),
    blocked: null,
  };
}

function infeasible(request: PlanRequest, pairs: readonly BlockedPair[]): Plan {
  return {
    schemaVersion: 1,
    feasible: false,
    product: request.product,
    release: request.release,
    field: sortedField(request.live),
    broken: [],
    stuck: [],
    steps: [],
    blocked: { pairs, repairs: [] },
  };
}

function sortedField(live: LiveSets): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(live)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([component, versions]) => [component, versions.toSorted(compareVersions)]),
  );
}

function introduction(
  move: Move,
  guard: Introduction["guard"],
  retirements: readonly ComponentVersion[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  relation: Relation,
): Omit<PlanStep, "id"> {
  return {
    action: "introduce",
    component: move.component,
    version: move.version,
    replaces: move.old,
    guard,
    reversible: move.kind !== "app",
    why: whyHere(move, guard, retirements, current, relation),
  };
}

function whyHere(
  move: Move,
  guard: Introduction["guard"],
  retirements: readonly ComponentVersion[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  relation: Relation,
): string {
  if (guard) {
    const ranges = Object.entries(guard).map(([component, range]) => `${component} ${range}`);
    return `a device takes it only once its phones run ${ranges.join(" and ")}`;
  }
  if (retirements.length > 0) {
    return `${retirements.map(formatComponentVersion).join(" and ")}, which it does not fit, is gone`;
  }
  const peers = [...current.keys()].filter((other) => relation.coupled(move.component, other));
  return peers.length > 0
    ? `fits every live version of ${peers.toSorted().join(", ")}`
    : "nothing else depends on it";
}

function retirement({ component, version }: ComponentVersion, why: string): Omit<PlanStep, "id"> {
  return { action: "retire", component, version, replaces: [], guard: null, reversible: false, why };
}
