import type { Group, Part, VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { remembered } from "./remembered.ts";
import { firmwareFits, type Stage } from "./stage.ts";
import { TooLargeError } from "./too-large-error.ts";

/** Groups of devices whose firmware constrains one another; most often a single one. */
export interface Cluster {
  readonly groups: readonly Group[];
  /** For each group, the others that it has to fit. */
  readonly mates: readonly (readonly number[])[];
  /** Whether each component is there once, so that every move introduces a version. */
  readonly single: boolean;
}

/** Which version each group of a cluster runs. */
export type Positions = readonly VersionId[];
/** The one version of a single group, or all of them joined. */
export type PositionsKey = VersionId | string;

/** Where a cluster can be, and what it costs to get there. */
export type Reach = ReadonlyMap<PositionsKey, Place>;

export interface Place {
  readonly positions: Positions;
  readonly cost: number;
}

/**
 * What an intermediate version costs: far more than a step, for there can be but so many of these.
 * One that is new to the field has to be retired too.
 */
export const hopCost = 1_000;
export const stepCost = 1;

/** A change of apps and services that carries a rollout from one stage to the next. */
export interface CoreMove {
  readonly introduces: readonly VersionId[];
  /** Lockstep: firmware that an app cannot stand goes to its staged target together with the app. */
  readonly lockstep: boolean;
}

/** More positions than this and a search gives up rather than run for ever. */
const positionsMax = 200_000;

/** Splits the devices into clusters; with `apart`, devices of one component that nothing binds are clusters of their own. */
export function clustersOf({ groups }: Problem, apart: boolean): Cluster[] {
  const clusters: Group[][] = [];
  for (const group of groups) {
    const joined = clusters.filter((cluster) =>
      cluster.some(({ part }) => part === group.part || group.part.coupled.includes(part)),
    );
    for (const cluster of joined) clusters.splice(clusters.indexOf(cluster), 1);
    clusters.push([...joined.flat(), group]);
  }
  return clusters.flatMap((cluster) =>
    apart && partsOf(cluster).size === 1 ? cluster.map((group) => clusterOf([group])) : [clusterOf(cluster)],
  );
}

export function clusterOf(groups: readonly Group[]): Cluster {
  return {
    groups,
    mates: groups.map(({ part }) =>
      groups.flatMap((other, index) => (part.coupled.includes(other.part) ? [index] : [])),
    ),
    single: partsOf(groups).size === groups.length,
  };
}

export function partsOf(groups: readonly Group[]): Set<Part> {
  return new Set(groups.map(({ part }) => part));
}

export function startOf({ groups }: Cluster): Positions {
  return groups.map(({ start }) => start);
}

export function goalOf({ groups }: Cluster): Positions {
  return groups.map(({ part }) => part.target!);
}

export function keyOf(positions: Positions): PositionsKey {
  return positions.length === 1 ? positions[0]! : positions.join();
}

/** Which firmware can be introduced at a stage; asked once for each version. */
export function opennessOf(problem: Problem, stage: Stage): (id: VersionId) => boolean {
  return remembered(problem.size, (id) => problem.fitsAlways(id) && firmwareFits(problem, stage, id));
}

/** Every single move that a cluster can make at a stage. */
export function forEachMove(
  problem: Problem,
  { groups, mates }: Cluster,
  positions: Positions,
  isOpen: (id: VersionId) => boolean,
  visit: (to: VersionId, positions: Positions) => void,
): void {
  for (let index = 0; index < groups.length; index++) {
    const { next } = groups[index]!;
    for (const to of next.get(positions[index]!) ?? []) {
      if (!isOpen(to) || !mates[index]!.every((mate) => problem.fits(to, positions[mate]!))) continue;
      visit(to, groups.length === 1 ? [to] : positions.with(index, to));
    }
  }
}

/** Everything that can be reached from some places without any change of apps and services. */
export function closure(
  problem: Problem,
  cluster: Cluster,
  from: Iterable<Place>,
  isOpen: (id: VersionId) => boolean,
): Reach {
  const reach = new Map<PositionsKey, Place>();
  const byCost = new Map<number, Place[]>();
  const take = (positions: Positions, cost: number): void => {
    const key = keyOf(positions);
    const known = reach.get(key);
    if (known && known.cost <= cost) return;
    const place = { positions, cost };
    reach.set(key, place);
    if (reach.size > positionsMax) throw new TooLargeError();
    const others = byCost.get(cost);
    if (others) others.push(place);
    else byCost.set(cost, [place]);
  };
  for (const { cost, positions } of from) take(positions, cost);
  while (byCost.size > 0) {
    const least = Math.min(...byCost.keys());
    // The list grows while it is walked through: a move to the target costs nothing.
    for (const place of byCost.get(least)!) {
      if (reach.get(keyOf(place.positions)) !== place) continue;
      forEachMove(problem, cluster, place.positions, isOpen, (to, positions) =>
        take(positions, least + costOf(problem, to)),
      );
    }
    byCost.delete(least);
  }
  return reach;
}

/** What the introduction of a version costs beside what every order has. */
export function costOf(problem: Problem, id: VersionId): number {
  const { old, target } = problem.partOf(id);
  if (id === target) return 0;
  return old.includes(id) ? hopCost : hopCost + stepCost;
}

/** The versions that are staged where a cluster crosses with positions changed. */
export function stagedBetween(before: Positions, after: Positions): VersionId[] {
  return [...new Set(after.filter((id, index) => id !== before[index]))];
}

/**
 * Where a cluster is after apps and services have changed; null where they cannot change beside it.
 * `between` tells what can start while the old and the new apps live together.
 */
export function cross(
  problem: Problem,
  { groups, mates }: Cluster,
  positions: Positions,
  { introduces, lockstep }: CoreMove,
  between: (id: VersionId) => boolean,
): Positions | null {
  const isUnfit = (id: VersionId): boolean => introduces.some((app) => !problem.fits(app, id));
  if (!positions.some(isUnfit)) return positions;
  if (!lockstep) return null;
  const after = positions.map((id, index) => (isUnfit(id) ? groups[index]!.part.target! : id));
  for (const [index, to] of after.entries()) {
    const from = positions[index]!;
    if (isUnfit(to)) return null;
    if (to === from) continue;
    if (!groups[index]!.next.get(from)?.includes(to) || !between(to)) return null;
    if (!introduces.every((app) => problem.fits(app, from) || problem.bridges(app, from))) return null;
    for (const mate of mates[index]!) {
      if (!problem.fits(to, positions[mate]!) || !problem.fits(to, after[mate]!)) return null;
    }
  }
  return after;
}
