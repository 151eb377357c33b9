import { costOf, hopCost } from "./cluster.ts";
import type { Label, OrderSearch } from "./order-search.ts";
import type { Group, Part, VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";

/** How many introductions of apps are to come at least, each app looked at by itself. */
export function introductionsToCome(search: OrderSearch, lockstep: boolean): (label: Label) => number {
  const toCome = new Map<VersionId, number>();
  for (const part of search.core) {
    if (part.kind !== "app") continue;
    const versions = [...part.old, ...part.hops, part.target!];
    const follows = (from: VersionId, to: VersionId): boolean =>
      to > from && (lockstep || everyGroupCanStay(search.problem, from, to));
    toCome.set(part.target!, 0);
    // Highest first: each version only leads to higher ones.
    for (const from of versions.toSorted((a, b) => b - a)) {
      if (from === part.target) continue;
      const after = versions.filter((to) => follows(from, to)).map((to) => toCome.get(to) ?? Infinity);
      toCome.set(from, 1 + Math.min(...after, Infinity));
    }
  }
  return ({ stage }) => {
    const apps = search.core.filter(({ kind }) => kind === "app");
    return apps.reduce((sum, { index }) => sum + (toCome.get(stage[index]!.at(-1)!) ?? 0), 0);
  };
}

/** Whether all devices have some version on which they can be while one app follows another. */
function everyGroupCanStay({ fits, groups, request }: Problem, from: VersionId, to: VersionId): boolean {
  const wasThere = (id: VersionId): boolean => request.pairing === "observed" || fits(from, id);
  return groups.every(({ next, start }) =>
    [...next.keys()].some((id) => fits(to, id) && (id === start || wasThere(id))),
  );
}

/** What an order costs at least in intermediate versions, whatever follows a label. */
export function costToCome({ clusters, problem }: OrderSearch): (label: Label) => number {
  const toGo = new Map(problem.groups.map((group) => [group, movesToTarget(group)]));
  const costFrom = (group: Group, at: VersionId): number =>
    Math.max((toGo.get(group)!.get(at) ?? Infinity) - 1, 0) * hopCost;
  return ({ reach, services }) => {
    const detours = services.reduce((sum, id) => sum + costOf(problem, id), 0);
    // Devices of one component may share their intermediate versions.
    const byPart = new Map<Part, number>();
    let together = 0;
    for (const [index, { groups, single }] of clusters.entries()) {
      if (!single) continue;
      let least = Infinity;
      for (const { cost, positions } of reach[index]!.values()) {
        const toCome = groups.reduce((sum, group, at) => sum + costFrom(group, positions[at]!), 0);
        least = Math.min(least, cost + toCome);
      }
      if (groups.length > 1) together += least;
      else byPart.set(groups[0]!.part, Math.max(byPart.get(groups[0]!.part) ?? 0, least));
    }
    return [...byPart.values()].reduce((sum, cost) => sum + cost, detours + together);
  };
}

function movesToTarget({ next, part }: Group): Map<VersionId, number> {
  const moves = new Map<VersionId, number>([[part.target!, 0]]);
  // Backwards, one move at a time.
  for (const [reached, count] of moves) {
    for (const [from, to] of next) if (to.includes(reached) && !moves.has(from)) moves.set(from, count + 1);
  }
  return moves;
}
