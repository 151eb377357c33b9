import type { VersionFacts } from "../compat/relation.ts";
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
  };
}
