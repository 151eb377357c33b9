import { canonicalJson } from "../../base/canonical-json.ts";
import type { Released } from "../../bundle/add-released.ts";
import { type ReleasedVersions, readReleasedVersions } from "../../bundle/released-versions.ts";
import { factsOfResolvedVersion } from "../../bundle/resolved-facts.ts";
import { filledIn, hasFiles } from "../../compat/filled-in.ts";
import type { VersionFacts } from "../../compat/relation.ts";
import { formatComponentVersion } from "../../compat/verdict.ts";
import type { Release } from "../../manifest/release.ts";
import { factsOfRelease } from "../../manifest/release-facts.ts";
import type { Context } from "../context.ts";

/** Everything that is known of every version: by the manifest, and by the releases published before. */
export interface Facts {
  readonly facts: readonly VersionFacts[];
  /** Published versions that are installed from what was published, by component, then version. */
  readonly hops: ReleasedVersions["versions"];
  readonly index: ReleasedVersions;
  readonly warnings: readonly string[];
}

/**
 * The facts of a release together with those of the releases in the storage of the environment. What
 * the manifest says of a version counts; what it leaves out of a known one, the storage fills in.
 */
export async function readFacts(release: Release, context: Context): Promise<Facts> {
  const index = await readIndex(release, context);
  const facts = new Map(factsOfRelease(release).map((fact) => [formatComponentVersion(fact), fact]));
  const warnings = [...index.warnings];
  const hops = new Map<string, Map<string, Released>>();
  for (const [component, versions] of index.versions) {
    const target = release.components[component];
    for (const [version, published] of versions) {
      // A component that the release no longer has, or that became something else, moves nowhere.
      if (published.resolved.kind !== target?.kind) continue;
      const name = formatComponentVersion({ component, version });
      const before = factsOfResolvedVersion(component, published.resolved);
      const own = facts.get(name);
      // Files that the manifest names come with this release, and with what it says of them.
      if (own && (version === target.version || hasFiles(own))) {
        if (pinsOf(own) !== pinsOf(before)) warnings.push(contradiction(name, published));
        continue;
      }
      const resolved = own ? filledIn(own, published.resolved) : published.resolved;
      const now = factsOfResolvedVersion(component, resolved);
      if (pinsOf(now) !== pinsOf(before)) warnings.push(contradiction(name, published));
      facts.set(name, now);
      const known = hops.get(component) ?? new Map<string, Released>();
      hops.set(component, known.set(version, { ...published, resolved }));
    }
  }
  return { facts: [...facts.values()], hops, index, warnings };
}

async function readIndex(release: Release, context: Context): Promise<ReleasedVersions> {
  const store = await context.store();
  // Where nothing was published nobody needs to have a key yet.
  const isEmpty = (await store.list(release.product)).length === 0;
  const trustedKeys = isEmpty ? [] : await context.trustedKeys();
  return readReleasedVersions(store, release.product, trustedKeys, release.version);
}

/** What two sources should not say differently of one version; that it is stuck may turn out late. */
function pinsOf({ bridges, installsOver, keepsVersions, requires, securityCounter }: VersionFacts): string {
  return canonicalJson({ bridges, installsOver, keepsVersions, requires, securityCounter });
}

function contradiction(name: string, { release }: Released): string {
  return `The manifest says something else of ${name} than release ${release}, which was published; the manifest counts.`;
}
