import { compareVersions, orderVersions } from "../compat/versions.ts";
import type { Group, Part, VersionId } from "./part.ts";
import type { StuckVersion } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import { stuckVersions } from "./stuck-versions.ts";
import { type DeviceGroup, updatePaths } from "./update-paths.ts";
import { verdictsOf } from "./verdicts.ts";

/** The components of a request and all versions of them that can play a part. */
export interface Parts {
  /** In the order of names. */
  readonly parts: readonly Part[];
  /** Devices that can reach their target. */
  readonly groups: readonly Group[];
  readonly stuck: readonly StuckVersion[];
  /** How many versions on how many hardware models cannot reach the target. */
  readonly lost: number;
  /** Whether two versions fit: nothing but compatible passes. */
  readonly fits: (a: VersionId, b: VersionId) => boolean;
  /** By id. */
  readonly names: readonly string[];
  readonly owners: readonly Part[];
}

type Draft = { -readonly [Key in keyof Part]: Part[Key] };

/** Gives every version that can play a part a number, and finds out who stands where and can go on. */
export function readParts(request: PlanRequest): Parts {
  const { live, relation, target } = request;
  const names: string[] = [];
  const owners: Draft[] = [];
  const parts: Draft[] = [];
  const groups: Group[] = [];
  const stuck: StuckVersion[] = [];
  let lost = 0;
  for (const component of [...new Set([...Object.keys(live), ...Object.keys(target)])].toSorted()) {
    const ways = updatePaths(request, component);
    const held = stuckVersions(request, component, ways);
    const arriving = ways.filter(
      ({ arrives, start }) => arrives && relation.facts(component, start)?.stuck === undefined,
    );
    const part = draftOf(component, parts.length, request);
    const ids = new Map<string, VersionId>();
    for (const version of versionsOf(component, request, ways)) {
      ids.set(version, names.length);
      names.push(version);
      owners.push(part);
    }
    const own = distinctGroups(part, arriving, (version) => ids.get(version)!);
    fill(part, ids, own, held, request);
    lost += ways.length - arriving.length;
    parts.push(part);
    groups.push(...own);
    stuck.push(...held);
  }
  const fits = verdictsOf(owners, names, relation);
  // Where all versions fit all others, neither order nor search has anything to mind.
  const idsOf = parts.map((part) => names.flatMap((_, id) => (owners[id] === part ? [id] : [])));
  const clash = (a: Part, b: Part): boolean =>
    idsOf[a.index]!.some((one) => idsOf[b.index]!.some((other) => !fits(one, other)));
  for (const [index, part] of parts.entries()) {
    for (const other of parts.slice(index + 1)) {
      if (!relation.coupled(part.component, other.component) || !clash(part, other)) continue;
      part.coupled = [...part.coupled, other];
      other.coupled = [...other.coupled, part];
    }
  }
  return { parts, groups, stuck, lost, fits, names, owners };
}

function fill(
  part: Draft,
  ids: ReadonlyMap<string, VersionId>,
  groups: readonly Group[],
  held: readonly StuckVersion[],
  { live, target }: PlanRequest,
): void {
  const goal = target[part.component];
  const inUse = (live[part.component] ?? []).toSorted(orderVersions).map((version) => ids.get(version)!);
  const permanent = goal === undefined ? inUse : held.map(({ version }) => ids.get(version)!);
  part.target = goal === undefined ? null : ids.get(goal)!;
  part.targetLives = part.target !== null && inUse.includes(part.target);
  part.permanent = permanent;
  part.old = inUse.filter((id) => id !== part.target && !permanent.includes(id));
  const underWay =
    part.kind === "firmware" ? groups.some(({ start }) => start !== part.target) : part.old.length > 0;
  part.moves = part.target !== null && (underWay || !part.targetLives);
  part.hops = part.moves ? hopsOf(part, [...ids.values()], groups, inUse) : [];
}

function draftOf(component: string, index: number, { live, relation, target }: PlanRequest): Draft {
  const known = target[component] ?? live[component]?.[0] ?? "";
  const facts = relation.facts(component, known);
  return {
    index,
    component,
    kind: facts?.kind ?? "service",
    old: [],
    permanent: [],
    target: null,
    targetLives: false,
    moves: false,
    hops: [],
    coupled: [],
  };
}

/** Live versions, the target, and what may be introduced between them; lowest first. */
function versionsOf(
  component: string,
  { live, relation, target }: PlanRequest,
  ways: readonly DeviceGroup[],
): string[] {
  const goal = target[component];
  const found = new Set(live[component]);
  if (goal !== undefined) {
    found.add(goal);
    for (const way of ways)
      for (const versions of way.next.values()) for (const each of versions) found.add(each);
    if (relation.facts(component, goal)?.kind !== "firmware") {
      for (const version of relation.versions(component)) {
        const facts = relation.facts(component, version);
        if (facts?.installable && facts.stuck === undefined && compareVersions(version, goal) < 0)
          found.add(version);
      }
    }
  }
  return [...found].toSorted(orderVersions);
}

function hopsOf(
  part: Part,
  ids: readonly VersionId[],
  groups: readonly Group[],
  live: readonly VersionId[],
): VersionId[] {
  const { target } = part;
  switch (part.kind) {
    case "app": {
      const top = part.old.at(-1);
      return top === undefined
        ? []
        : ids.filter((id) => id > top && id !== target && !live.includes(id) && id < target!);
    }
    case "service":
      return part.old.length === 0 ? [] : ids.filter((id) => id !== target && !live.includes(id));
    case "firmware": {
      const taken = new Set(groups.flatMap(({ next }) => [...next.values()].flat()));
      return ids.filter((id) => id !== target && taken.has(id));
    }
  }
}

/** Devices with the same start and the same ways are one group, whatever their hardware. */
function distinctGroups(
  part: Part,
  ways: readonly DeviceGroup[],
  idOf: (version: string) => VersionId,
): Group[] {
  const groups = new Map<string, Group>();
  for (const { next, start } of ways) {
    const steps = new Map([...next].map(([from, to]) => [idOf(from), to.map(idOf)]));
    const key = `${start} ${[...steps].map(([from, to]) => `${from}:${to.join()}`).join(" ")}`;
    groups.set(key, { part, start: idOf(start), next: steps });
  }
  return [...groups.values()];
}
