import type { Relation } from "../compat/relation.ts";
import { type ComponentVersion, formatComponentVersion, type Verdict } from "../compat/verdict.ts";
import { blockedPair } from "./blocked-pairs.ts";
import { canArrive, orderExists } from "./cheapest-order.ts";
import type { BlockedPair } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import type { Part } from "./part.ts";
import { type Problem, problemOf } from "./problem.ts";
import { withComponents } from "./split-request.ts";
import { subsets } from "./subsets.ts";
import { TooLargeError } from "./too-large-error.ts";

/** Up to this many sets of pairs are tried to find one that is smaller than the first. */
const setsMax = 100;

type Pair = readonly [ComponentVersion, ComponentVersion];
type RulesOut = (pairs: readonly Pair[]) => boolean;

/**
 * Pairs that rule every order out by themselves: with all others compatible there is still none, and
 * without any one of these there is. Few of them, where few are enough. Empty when it is not for pairs
 * that there is none.
 */
export function blockingSet(request: PlanRequest): BlockedPair[] {
  const problem = problemOf(request);
  const pairs = disagreementsOf(problem);
  const rulesOut: RulesOut = (some) => isRuledOut(onlyThese(request, some));
  if (!problem.parts.every((part) => canArrive(problem, part))) return [];
  const found = atTheEnd(problem) ?? smallestOf(localised(pairs, rulesOut), rulesOut);
  return found.flatMap(([a, b]) => blockedPair(a, b, request.relation) ?? []);
}

/** Where the search grows too large, the fewer pairs are not known to rule anything out. */
function isRuledOut(request: PlanRequest): boolean {
  try {
    return !orderExists(problemOf(request));
  } catch (error) {
    if (error instanceof TooLargeError) return false;
    throw error;
  }
}

/** Every pair of coupled versions that does not fit; those of what lives and of targets come first. */
function disagreementsOf(problem: Problem): Pair[] {
  const weighed: { pair: Pair; hops: number }[] = [];
  for (const part of problem.parts) {
    for (const other of part.coupled.filter(({ index }) => index > part.index)) {
      for (const a of idsOf(part)) {
        for (const b of idsOf(other)) {
          if (problem.fits(a, b)) continue;
          const hops = [a, b].filter((id) => problem.partOf(id).hops.includes(id)).length;
          weighed.push({ pair: [named(problem, a), named(problem, b)], hops });
        }
      }
    }
  }
  return weighed.toSorted((a, b) => a.hops - b.hops).map(({ pair }) => pair);
}

/** A single pair rules every order out only where both are there in the end. */
function atTheEnd(problem: Problem): Pair[] | null {
  const final = problem.parts.flatMap(({ permanent, target }) =>
    target === null ? permanent : [...permanent, target],
  );
  for (const [a, b] of subsets(final, 2)) {
    const [one, other] = [problem.partOf(a!), problem.partOf(b!)];
    if (one.coupled.includes(other) && !problem.fits(a!, b!))
      return [[named(problem, a!), named(problem, b!)]];
  }
  return null;
}

function named(problem: Problem, id: number): ComponentVersion {
  return { component: problem.partOf(id).component, version: problem.versionOf(id) };
}

function idsOf({ hops, old, permanent, target }: Part): number[] {
  return [...new Set([...old, ...permanent, ...(target === null ? [] : [target]), ...hops])].toSorted(
    (a, b) => a - b,
  );
}

/** The request in a world where only some pairs do not fit; components without any have no part in it. */
function onlyThese(request: PlanRequest, pairs: readonly Pair[]): PlanRequest {
  const { relation } = request;
  const kept = new Set(pairs.flatMap(([a, b]) => [keyOf(a, b), keyOf(b, a)]));
  const couplings = new Set(
    pairs.flatMap(([a, b]) => [`${a.component} ${b.component}`, `${b.component} ${a.component}`]),
  );
  const components = new Set(pairs.flat().map(({ component }) => component));
  const verdict: Relation["verdict"] = (a, b) => (kept.has(keyOf(a, b)) ? relation.verdict(a, b) : fits);
  return {
    ...withComponents(request, components),
    relation: { ...relation, coupled: (a, b) => couplings.has(`${a} ${b}`), verdict },
  };
}

const fits: Verdict = { kind: "compatible", evidence: [{ kind: "uncoupled" }] };

function keyOf(a: ComponentVersion, b: ComponentVersion): string {
  return `${formatComponentVersion(a)} ${formatComponentVersion(b)}`;
}

/** Most components have no part in it; leaving them out whole is cheaper than pair by pair. */
function localised(pairs: readonly Pair[], rulesOut: RulesOut): readonly Pair[] {
  let left = pairs;
  for (const component of new Set(pairs.flat().map((version) => version.component))) {
    const without = left.filter(([a, b]) => a.component !== component && b.component !== component);
    if (without.length < left.length && rulesOut(without)) left = without;
  }
  return left;
}

/** QuickXplain: a set of which nothing can be left out, by halves (Junker 2004). */
function conflict(
  given: readonly Pair[],
  changed: boolean,
  pairs: readonly Pair[],
  rulesOut: RulesOut,
): readonly Pair[] {
  if (changed && rulesOut(given)) return [];
  if (pairs.length <= 1) return pairs;
  const half = pairs.length >> 1;
  const [first, second] = [pairs.slice(0, half), pairs.slice(half)];
  const fromSecond = conflict([...given, ...first], first.length > 0, second, rulesOut);
  const fromFirst = conflict([...given, ...fromSecond], fromSecond.length > 0, first, rulesOut);
  return [...fromFirst, ...fromSecond];
}

/** A set of which nothing can be left out need not be the smallest, so the smaller ones are tried. */
function smallestOf(pairs: readonly Pair[], rulesOut: RulesOut): readonly Pair[] {
  if (!rulesOut(pairs)) return [];
  const found = conflict([], false, pairs, rulesOut);
  let tried = 0;
  for (let size = 2; size < found.length; size++) {
    for (const set of subsets(pairs, size)) {
      if (++tried > setsMax) return found;
      if (rulesOut(set)) return set;
    }
  }
  return found;
}
