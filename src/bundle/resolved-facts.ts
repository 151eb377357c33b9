import { bothHold } from "../compat/both-hold.ts";
import { filledIn, hasFiles } from "../compat/filled-in.ts";
import type { VersionFacts } from "../compat/relation.ts";
import { formatComponentVersion } from "../compat/verdict.ts";
import type { ResolvedComponent, ResolvedRelease } from "./resolved-release.ts";

/** What compatibility needs to know of every version in a resolved release. */
export function factsOfResolved(resolved: ResolvedRelease): VersionFacts[] {
  return [
    ...Object.entries(resolved.components).map(([name, version]) => factsOfResolvedVersion(name, version)),
    ...Object.entries(resolved.known).flatMap(([name, versions]) =>
      Object.values(versions).map((version) => factsOfResolvedVersion(name, version)),
    ),
  ];
}

/**
 * What several releases say: what an earlier one of `context` says of a version counts, what it leaves
 * out is taken from the next. Of versions that `proof` knows, what it says holds as well.
 */
export function factsOfReleases(context: readonly ResolvedRelease[], proof: ResolvedRelease): VersionFacts[] {
  const facts = new Map<string, VersionFacts>();
  for (const fact of context.flatMap(factsOfResolved)) {
    const name = formatComponentVersion(fact);
    const known = facts.get(name);
    facts.set(name, known === undefined ? fact : hasFiles(known) ? known : filledIn(known, fact));
  }
  for (const fact of factsOfResolved(proof)) {
    const name = formatComponentVersion(fact);
    const known = facts.get(name);
    const [counts, other] = known && hasFiles(known) ? [known, fact] : [fact, known];
    facts.set(name, other ? bothHold(counts, other) : counts);
  }
  return [...facts.values()];
}

/** What compatibility needs to know of one resolved version. */
export function factsOfResolvedVersion(component: string, resolved: ResolvedComponent): VersionFacts {
  return {
    component,
    kind: resolved.kind,
    version: resolved.version,
    requires: resolved.requires,
    ...(resolved.installsOver === undefined ? {} : { installsOver: resolved.installsOver }),
    hardware: resolved.artifacts.flatMap(({ hardware }) => (hardware === undefined ? [] : [hardware])),
    installable: resolved.kind === "service" || resolved.artifacts.length > 0,
    ...(resolved.bridges && { bridges: resolved.bridges }),
    ...(resolved.stuck !== undefined && { stuck: resolved.stuck }),
    ...(resolved.keepsVersions && { keepsVersions: true }),
    ...(resolved.securityCounter !== undefined && { securityCounter: resolved.securityCounter }),
  };
}
