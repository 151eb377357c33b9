import type { Relation } from "../compat/relation.ts";
import { compareVersions, satisfies } from "../compat/versions.ts";
import type { StuckVersion } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import { stuckVersions } from "./stuck-versions.ts";
import { type DeviceGroup, updatePaths } from "./update-paths.ts";

/** One version of one component, as a number: the search compares very many. */
export type VersionId = number;

/** A component with the versions of it that can play a part. */
export interface Part {
  readonly index: number;
  readonly component: string;
  readonly kind: "app" | "firmware" | "service";
  /** Lives now and can leave, lowest first; the target is not among them. */
  readonly old: readonly VersionId[];
  /** Lives now and stays for ever. */
  readonly permanent: readonly VersionId[];
  /** Null for what the release does not bring. */
  readonly target: VersionId | null;
  readonly targetLives: boolean;
  /** Whether the target has to be introduced: it does not live alone. */
  readonly moves: boolean;
  /** Versions other than the target that may be introduced on the way, lowest first. */
  readonly hops: readonly VersionId[];
  /** Parts whose versions it has to fit. */
  readonly coupled: readonly Part[];
}

/** Devices of one firmware that start alike and have the same images to take. */
export interface Group {
  readonly part: Part;
  readonly start: VersionId;
  readonly next: ReadonlyMap<VersionId, readonly VersionId[]>;
}

/** A request, made ready for the search. */
export interface Problem {
  readonly request: PlanRequest;
  /** In the order of names. */
  readonly parts: readonly Part[];
  /** Devices that can reach their target. */
  readonly groups: readonly Group[];
  readonly stuck: readonly StuckVersion[];
  /** How many versions on how many hardware models cannot reach the target. */
  readonly lost: number;
  /** How many versions there are; ids are below it. */
  readonly size: number;
  readonly versionOf: (id: VersionId) => string;
  readonly partOf: (id: VersionId) => Part;
  /** Whether two versions fit: nothing but compatible passes. */
  readonly fits: (a: VersionId, b: VersionId) => boolean;
  /** Whether a version fits what lives from the first step to the last. */
  readonly fitsAlways: (id: VersionId) => boolean;
  /** Service: whether the versions before go on being served beside this one. */
  readonly keepsVersions: (service: VersionId) => boolean;
  /** Whether an app can update a firmware that it does not fit. */
  readonly bridges: (app: VersionId, firmware: VersionId) => boolean;
}

type Draft = { -readonly [Key in keyof Part]: Part[Key] };

/** Reads a request once: which versions can play a part, which fit, who can go where. */
export function problemOf(request: PlanRequest): Problem {
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
    const ids = new Map<string, VersionId>();
    const part = draftOf(component, parts.length, request);
    for (const version of versionsOf(component, request, ways)) {
      ids.set(version, names.length);
      names.push(version);
      owners.push(part);
    }
    const idOf = (version: string): VersionId => ids.get(version)!;
    const inUse = (live[component] ?? []).toSorted(compareVersions).map(idOf);
    const permanent = target[component] === undefined ? inUse : held.map(({ version }) => idOf(version));
    part.target = target[component] === undefined ? null : idOf(target[component]);
    part.targetLives = part.target !== null && inUse.includes(part.target);
    part.permanent = permanent;
    part.old = inUse.filter((id) => id !== part.target && !permanent.includes(id));
    const arriving = ways.filter(
      ({ arrives, start }) => arrives && relation.facts(component, start)?.stuck === undefined,
    );
    lost += ways.length - arriving.length;
    const own = distinctGroups(part, arriving, idOf);
    const underWay =
      part.kind === "firmware" ? own.some(({ start }) => start !== part.target) : part.old.length > 0;
    part.moves = part.target !== null && (underWay || !part.targetLives);
    part.hops = part.moves ? hopsOf(part, [...ids.values()], own, inUse) : [];
    parts.push(part);
    groups.push(...own);
    stuck.push(...held);
  }
  for (const part of parts) {
    part.coupled = parts.filter(
      (other) => other !== part && relation.coupled(part.component, other.component),
    );
  }
  const fits = verdictTable(owners, names, relation);
  return {
    request,
    parts,
    groups,
    stuck,
    lost,
    size: names.length,
    versionOf: (id) => names[id]!,
    partOf: (id) => owners[id]!,
    fits,
    fitsAlways: remembered(names.length, (id) =>
      owners[id]!.coupled.every((part) => alwaysLive(part).every((other) => fits(id, other))),
    ),
    keepsVersions: (service) =>
      relation.facts(owners[service]!.component, names[service]!)?.keepsVersions ?? false,
    bridges: (app, firmware) => {
      const range = relation.facts(owners[app]!.component, names[app]!)?.bridges?.[
        owners[firmware]!.component
      ];
      return range !== undefined && satisfies(names[firmware]!, range);
    },
  };
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
  ways: ReturnType<typeof updatePaths>,
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
  return [...found].toSorted(compareVersions);
}

function hopsOf(part: Draft, ids: VersionId[], groups: Group[], live: VersionId[]): VersionId[] {
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

/** Each pair is asked about once at most, and only when the search comes across it. */
function verdictTable(
  owners: readonly Part[],
  names: readonly string[],
  relation: Relation,
): Problem["fits"] {
  const size = names.length;
  const rows: (Uint8Array | undefined)[] = [];
  const fits = 1;
  const clashes = 2;
  return (a, b) => {
    const row = (rows[a] ??= new Uint8Array(size));
    const known = row[b];
    if (known !== 0) return known === fits;
    const one = { component: owners[a]!.component, version: names[a]! };
    const other = { component: owners[b]!.component, version: names[b]! };
    const good = one.component === other.component || relation.verdict(one, other).kind === "compatible";
    row[b] = good ? fits : clashes;
    return good;
  };
}

/** What of a component lives from the first step to the last. */
export function alwaysLive({ permanent, target, targetLives }: Part): readonly VersionId[] {
  return targetLives && target !== null ? [...permanent, target] : permanent;
}

/** A yes or no about each version, asked once at most. */
export function remembered(size: number, ask: (id: VersionId) => boolean): (id: VersionId) => boolean {
  const answers = new Uint8Array(size);
  return (id) => {
    if (answers[id] === 0) answers[id] = ask(id) ? 1 : 2;
    return answers[id] === 1;
  };
}
