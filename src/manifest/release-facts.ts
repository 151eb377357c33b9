import type { VersionFacts } from "../compat/relation.ts";
import type { KnownVersion, Release } from "./release.ts";

/** What a release says about every version in it, for compatibility and plans. */
export function factsOfRelease(release: Release): VersionFacts[] {
  const facts: VersionFacts[] = [];
  for (const [component, value] of Object.entries(release.components)) {
    const { kind, version, requires } = value;
    facts.push({
      component,
      kind,
      version,
      requires,
      ...(value.kind === "firmware" && value.installsOver ? { installsOver: value.installsOver } : {}),
      hardware: value.kind === "firmware" ? Object.keys(value.variants) : [],
      installable: true,
      ...(value.kind === "app" && value.bridges && { bridges: value.bridges }),
      ...(value.kind === "service" && value.keepsVersions && { keepsVersions: true }),
      ...(value.kind === "firmware" && countedBy(value)),
    });
    for (const [knownVersion, known] of Object.entries(release.known[component] ?? {})) {
      facts.push({
        component,
        kind,
        version: knownVersion,
        requires: known.requires,
        ...(known.installsOver ? { installsOver: known.installsOver } : {}),
        hardware: Object.keys(known.variants ?? {}),
        installable: kind === "service" || known.artifact !== undefined || known.variants !== undefined,
        ...(known.bridges && { bridges: known.bridges }),
        ...(known.stuck !== undefined && { stuck: known.stuck }),
        ...countedBy(known),
      });
    }
  }
  return facts;
}

function countedBy({ securityCounter }: Pick<KnownVersion, "securityCounter">) {
  return securityCounter === undefined ? {} : { securityCounter };
}
