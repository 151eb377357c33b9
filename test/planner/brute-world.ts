import { compareVersions, satisfies } from "../../src/compat/versions.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";

/** A set of versions: bit `i` is `World.versions[i]`. Those of a component stand together, lowest first. */
export type Mask = number;

export const bit = (index: number): Mask => 1 << index;
export const union = (masks: readonly Mask[]): Mask => masks.reduce((all, mask) => all | mask, 0);

export function indicesOf(mask: Mask): number[] {
  const found: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) found.push(31 - Math.clz32(rest & -rest));
  return found;
}

export interface WorldVersion {
  readonly component: string;
  readonly version: string;
  readonly kind: "app" | "firmware" | "service";
  /** All versions of its component. */
  readonly own: Mask;
  /** Versions that it is compatible with, and all of its own component. */
  readonly fits: Mask;
  /** Firmware: versions that it installs over. */
  readonly over: Mask;
  /** App: versions that it can update though it does not fit them. */
  readonly bridges: Mask;
  readonly isTarget: boolean;
  /** Whether a plan may introduce it at all. */
  readonly isOffered: boolean;
  readonly keepsVersions: boolean;
}

/** Where versions of one component live: a hardware model, or just everywhere. */
export interface Place {
  readonly own: Mask;
  /** What lives here when planning starts. */
  readonly field: Mask;
  /** Firmware that can be installed here and from which images lead to the target. */
  readonly leading: Mask;
  /** What never leaves from here. */
  readonly stuck: Mask;
}

/** A planning question in masks. */
export interface World {
  readonly versions: readonly WorldVersion[];
  readonly places: readonly Place[];
  readonly observed: boolean;
  readonly stuck: Mask;
  /** What lives in the end. */
  readonly goal: Mask;
  readonly targets: Mask;
  /** Targets that the plan has to introduce. */
  readonly due: Mask;
}

/** Null when the end is out of reach whatever the order. */
export function describeWorld(request: PlanRequest): World | null {
  const versions = describeVersions(request);
  const components = [...new Set(versions.map(({ component }) => component))];
  const places = components.flatMap((component) => placesOf(request, component, versions));
  for (const component of Object.keys(request.target)) {
    const home = places.filter(({ own }) => versions[indicesOf(own)[0]!]!.component === component);
    const target = maskOf(versions, (each) => each.component === component && each.isTarget);
    const canLeave = home.some(({ field, stuck }) => (field & ~stuck) !== 0);
    if (home.some(({ field }) => field !== 0) && !canLeave && !home.some((p) => (p.field & target) !== 0))
      return null;
  }
  const stuck = union(places.map((place) => place.stuck));
  const field = union(places.map((place) => place.field));
  const targets = maskOf(versions, (each) => each.isTarget);
  const goal = targets | stuck;
  if (indicesOf(goal).some((index) => (goal & ~versions[index]!.fits) !== 0)) return null;
  const isAlone = (place: Place): boolean => (place.field & ~place.stuck & ~targets) === 0;
  const due = maskOf(versions, ({ own, isTarget }, index) => {
    const home = places.filter((place) => place.own === own);
    return isTarget && !((field & bit(index)) !== 0 && home.every(isAlone));
  });
  return { versions, places, observed: request.pairing === "observed", stuck, goal, targets, due };
}

function describeVersions({ relation, live, target }: PlanRequest): WorldVersion[] {
  const names = [...new Set([...Object.keys(live), ...Object.keys(target)])].flatMap((component) =>
    [...new Set([...(live[component] ?? []), ...relation.versions(component)])]
      .toSorted(compareVersions)
      .map((version) => ({ component, version })),
  );
  return names.map((name): WorldVersion => {
    const { component, version } = name;
    const facts = relation.facts(component, version);
    const aim = target[component];
    const own = maskOf(names, (other) => other.component === component);
    const kinds = relation.versions(component).map((known) => relation.facts(component, known)?.kind);
    return {
      ...name,
      own,
      kind: kinds.find((kind) => kind !== undefined) ?? "service",
      fits: own | maskOf(names, (other) => relation.verdict(name, other).kind === "compatible"),
      over: own & maskOf(names, (other) => relation.installsOver(name, other.version)),
      bridges: maskOf(names, (other) =>
        satisfies(other.version, facts?.bridges?.[other.component] ?? "<0.0.0-0"),
      ),
      isTarget: version === aim,
      isOffered: aim !== undefined && compareVersions(version, aim) <= 0 && facts?.installable === true,
      keepsVersions: facts?.keepsVersions ?? false,
    };
  });
}

function placesOf(request: PlanRequest, component: string, versions: readonly WorldVersion[]): Place[] {
  const { hardware, live, relation, target } = request;
  const own = maskOf(versions, (each) => each.component === component);
  const kind = versions[indicesOf(own)[0]!]!.kind;
  const aim = target[component];
  const field = maskOf(
    versions,
    (each, index) => (own & bit(index)) !== 0 && (live[component] ?? []).includes(each.version),
  );
  const saysStuck = maskOf(
    versions,
    ({ version }, index) =>
      (own & bit(index)) !== 0 && relation.facts(component, version)?.stuck !== undefined,
  );
  const targets = maskOf(versions, (each, index) => each.isTarget && (own & bit(index)) !== 0);
  // What is no part of the release stays as it is.
  if (aim === undefined) return [{ own, field, leading: 0, stuck: field }];
  if (kind !== "firmware") {
    const above = kind === "app" ? maskOf(versions, (each) => compareVersions(each.version, aim) > 0) : 0;
    return [{ own, field, leading: 0, stuck: field & (saysStuck | above) & ~targets }];
  }

  const imagesOf = (version: string): readonly string[] => relation.facts(component, version)?.hardware ?? [];
  const modelsOf = (version: string): readonly string[] =>
    hardware?.[component]?.[version] ?? (imagesOf(version).length > 0 ? imagesOf(version) : imagesOf(aim));
  // Firmware that nobody has yet comes to whatever the target has images for.
  const models = new Set(
    field === 0 ? imagesOf(aim) : live[component]!.flatMap((version) => modelsOf(version)),
  );
  return [...models].map((model): Place => {
    const seenHere = maskOf(versions, (each) => modelsOf(each.version).includes(model)) & field;
    const images =
      own & ~saysStuck & maskOf(versions, (each) => each.isOffered && imagesOf(each.version).includes(model));
    let leading = images & targets;
    for (let before = -1; before !== leading;) {
      before = leading;
      leading |= images & union(indicesOf(leading).map((index) => versions[index]!.over));
    }
    const leaving = union(indicesOf(leading).map((index) => versions[index]!.over)) & ~saysStuck;
    return { own, field: seenHere, leading, stuck: seenHere & ~leaving & ~targets };
  });
}

function maskOf<T>(versions: readonly T[], choose: (version: T, index: number) => boolean): Mask {
  return union(versions.map((version, index) => (choose(version, index) ? bit(index) : 0)));
}
