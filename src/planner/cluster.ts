import { firmwareFits, fitsAlways, type Stage } from "./stage.ts";
import type { Group, Problem, VersionId } from "./problem.ts";
import { TooLargeError } from "./too-large-error.ts";

/** Groups of devices whose firmware constrains one another; most often a single one. */
export interface Cluster {
  readonly groups: readonly Group[];
  /** For each group, the others that it has to fit. */
  readonly mates: readonly (readonly number[])[];
}

/** Which version each group of a cluster runs. */
export type Positions = readonly VersionId[];

/** Where a cluster can be, by a key of the positions. */
export type Reach = ReadonlyMap<string, Positions>;

/** A change of apps and services that carries a rollout from one stage to the next. */
export interface CoreMove {
  readonly introduces: readonly VersionId[];
  /** Lockstep: firmware that an app cannot stand goes to its staged target together with the app. */
  readonly lockstep: boolean;
}

/** More positions than this and a search gives up rather than run for ever. */
export const positionsMax = 1_000_000;

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
  return clusters.flatMap((cluster) => {
    const single = cluster.every(({ part }) => part === cluster[0]!.part);
    return apart && single ? cluster.map((group) => clusterOf([group])) : [clusterOf(cluster)];
  });
}

export function clusterOf(groups: readonly Group[]): Cluster {
  return {
    groups,
    mates: groups.map(({ part }) =>
      groups.flatMap((other, index) => (part.coupled.includes(other.part) ? [index] : [])),
    ),
  };
}

export function startOf({ groups }: Cluster): Positions {
  return groups.map(({ start }) => start);
}

export function keyOf(positions: Positions): string {
  return positions.join();
}

export function hasArrived({ groups }: Cluster, positions: Positions): boolean {
  return groups.every(({ part }, index) => positions[index] === part.target);
}

/** Which firmware can be introduced at a stage; asked once for each version. */
export function opennessOf(problem: Problem, stage: Stage): (id: VersionId) => boolean {
  const known = new Map<VersionId, boolean>();
  return (id) => {
    let open = known.get(id);
    if (open === undefined) {
      open = fitsAlways(problem, id) && firmwareFits(problem, stage, id);
      known.set(id, open);
    }
    return open;
  };
}

/** Every single move that a cluster can make at a stage. */
export function* movesFrom(
  problem: Problem,
  { groups, mates }: Cluster,
  positions: Positions,
  isOpen: (id: VersionId) => boolean,
): Generator<{ group: number; to: VersionId; positions: Positions }> {
  for (const [group, { next }] of groups.entries()) {
    for (const to of next.get(positions[group]!) ?? []) {
      if (!isOpen(to) || !mates[group]!.every((mate) => problem.fits(to, positions[mate]!))) continue;
      yield { group, to, positions: positions.with(group, to) };
    }
  }
}

/** Everything that can be reached from some positions without any change of apps and services. */
export function closure(
  problem: Problem,
  cluster: Cluster,
  from: Iterable<Positions>,
  isOpen: (id: VersionId) => boolean,
): Reach {
  const reach = new Map<string, Positions>();
  for (const positions of from) reach.set(keyOf(positions), positions);
  for (const positions of reach.values()) {
    for (const move of movesFrom(problem, cluster, positions, isOpen)) {
      const key = keyOf(move.positions);
      if (!reach.has(key)) reach.set(key, move.positions);
    }
    if (reach.size > positionsMax) throw new TooLargeError("too many positions");
  }
  return reach;
}

/**
 * Where a cluster is after apps and services have changed; null where they cannot change beside it.
 * `between` is the stage at which the old and the new apps live together.
 */
export function cross(
  problem: Problem,
  cluster: Cluster,
  positions: Positions,
  move: CoreMove,
  between: (id: VersionId) => boolean,
): Positions | null {
  const unfit = positions.map((id) => move.introduces.filter((app) => !problem.fits(app, id)));
  if (unfit.every((apps) => apps.length === 0)) return positions;
  if (!move.lockstep) return null;
  const { groups, mates } = cluster;
  const after = positions.map((id, index) => (unfit[index]!.length > 0 ? groups[index]!.part.target! : id));
  for (const [index, to] of after.entries()) {
    const from = positions[index]!;
    if (to === from) continue;
    if (!groups[index]!.next.get(from)?.includes(to) || !between(to)) return null;
    if (!unfit[index]!.every((app) => problem.bridges(app, from))) return null;
    if (!move.introduces.every((app) => problem.fits(app, to))) return null;
    for (const mate of mates[index]!) {
      if (!problem.fits(to, positions[mate]!) || !problem.fits(to, after[mate]!)) return null;
    }
  }
  return after;
}
