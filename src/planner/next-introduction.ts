import type { Relation } from "../compat/relation.ts";
import type { ComponentVersion } from "../compat/verdict.ts";
import { compareVersions, satisfies } from "../compat/versions.ts";
import type { Move } from "./moves.ts";
import type { PlanRequest } from "./plan-request.ts";

/** A move that can be made now, and what it takes. */
export interface Introduction {
  readonly move: Move;
  readonly retirements: readonly ComponentVersion[];
  readonly guard: Readonly<Record<string, string>> | null;
}

/** The first move, in order of cost, that is safe now or becomes safe by retiring what has been replaced. */
export function nextIntroduction(
  waiting: readonly Move[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  introduced: ReadonlySet<string>,
  moves: readonly Move[],
  request: PlanRequest,
): Introduction | null {
  let best: Introduction | null = null;
  for (const move of waiting) {
    const retirements: ComponentVersion[] = [];
    const guard: Record<string, string> = {};
    let possible = true;
    for (const obstacle of obstaclesOf(move, current, request)) {
      if (canBeGuarded(move, obstacle, request)) {
        guard[obstacle.component] = guardRange(move, obstacle.component, request.relation);
      } else if (introduced.has(obstacle.component) && canRetire(obstacle, current, moves, request)) {
        retirements.push(obstacle);
      } else {
        possible = false;
        break;
      }
    }
    if (!possible) continue;
    const candidate = { move, retirements, guard: Object.keys(guard).length > 0 ? guard : null };
    if (best === null || rank(candidate) < rank(best)) best = candidate;
  }
  return best;
}

/** Waiting for a version to leave the field takes longest, a guard makes some devices wait. */
function rank({ retirements, guard }: Introduction): number {
  return retirements.length * 2 + (guard ? 1 : 0);
}

/** Live versions of other components that the target does not fit. */
export function obstaclesOf(
  move: ComponentVersion,
  current: ReadonlyMap<string, ReadonlySet<string>>,
  { relation }: PlanRequest,
): ComponentVersion[] {
  const found: ComponentVersion[] = [];
  for (const [component, versions] of current) {
    if (component === move.component) continue;
    for (const version of versions) {
      if (relation.verdict(move, { component, version }).kind !== "compatible")
        found.push({ component, version });
    }
  }
  return found;
}

/**
 * Where pairing is observed, the gate of each device keeps new firmware away from old apps; not from
 * one that users of a fitting app may update to when their device has passed.
 */
function canBeGuarded(
  move: Move,
  obstacle: ComponentVersion,
  { relation, live, pairing }: PlanRequest,
): boolean {
  if (pairing !== "observed" || move.kind !== "firmware") return false;
  const apps = live[obstacle.component] ?? [];
  const fitting = apps.filter(
    (version) => relation.verdict(move, { component: obstacle.component, version }).kind === "compatible",
  );
  return (
    apps.some((version) => relation.facts(obstacle.component, version)?.kind === "app") &&
    fitting.length > 0 &&
    fitting.every((version) => compareVersions(version, obstacle.version) > 0)
  );
}

/** The declared range where it says exactly which known versions fit, else those versions. */
function guardRange(move: Move, component: string, relation: Relation): string {
  const versions = relation.versions(component);
  const fits = (version: string): boolean =>
    relation.verdict(move, { component, version }).kind === "compatible";
  const declared = relation.facts(move.component, move.version)?.requires[component];
  const isExact =
    declared !== undefined && versions.every((version) => satisfies(version, declared) === fits(version));
  return isExact ? declared : versions.filter(fits).join(" || ");
}

/**
 * Whether a version can be made to leave: its successor is there, and nobody who uses it is held by
 * a guard for ever (each app that the new firmware refuses has a later app that fits old and new).
 */
function canRetire(
  gone: ComponentVersion,
  current: ReadonlyMap<string, ReadonlySet<string>>,
  moves: readonly Move[],
  { relation }: PlanRequest,
): boolean {
  const move = moves.find(({ component }) => component === gone.component);
  if (!move || move.kind !== "firmware") return move !== undefined;
  const target = { component: move.component, version: move.version };
  for (const [component, versions] of current) {
    const fits = (version: string): boolean =>
      [target, gone].every(
        (firmware) => relation.verdict(firmware, { component, version }).kind === "compatible",
      );
    for (const version of versions) {
      if (relation.verdict(target, { component, version }).kind === "compatible") continue;
      if (![...versions].some((later) => compareVersions(later, version) > 0 && fits(later))) return false;
    }
  }
  return true;
}
