import {
  type Released,
  type ReleasedVersions,
  readReleasedVersions,
} from "../../bundle/released-versions.ts";
import { factsOfResolvedVersion } from "../../bundle/resolved-facts.ts";
import { canonicalJson } from "../../base/canonical-json.ts";
import type { VersionFacts } from "../../compat/relation.ts";
import type { Release } from "../../manifest/release.ts";
import { factsOfRelease } from "../../manifest/release-facts.ts";
import type { Context } from "../context.ts";

/** Everything that is known of every version: by the manifest, and by the releases published before. */
export interface Facts {
  /** Those of the manifest first. */
  readonly facts: readonly VersionFacts[];
  /** Published versions that the manifest does not carry. */
  readonly hops: ReleasedVersions["versions"];
  readonly index: ReleasedVersions;
  readonly warnings: readonly string[];
}

/**
 * The facts of a release together with those of the releases in the storage of the environment. What
 * the manifest says of a version counts; the storage is asked about the others.
 */
export async function readFacts(release: Release, context: Context): Promise<Facts> {
  const index = await readIndex(release, context);
  const facts = factsOfRelease(release);
  const manifest = new Map(facts.map((fact) => [`${fact.component}@${fact.version}`, fact]));
  const warnings = [...index.warnings];
  const hops = new Map<string, Map<string, Released>>();
  for (const [component, versions] of index.versions) {
    const kind = release.components[component]?.kind;
    for (const [version, released] of versions) {
      // A component that the release no longer has, or that became something else, moves nowhere.
      if (released.resolved.kind !== kind) continue;
      const fact = factsOfResolvedVersion(component, released.resolved);
      const own = manifest.get(`${component}@${version}`);
      if (own === undefined) {
        facts.push(fact);
        hops.set(component, (hops.get(component) ?? new Map<string, Released>()).set(version, released));
      } else if (pinsOf(own) !== pinsOf(fact)) {
        warnings.push(
          `The manifest says something else of ${component}@${version} than release ${released.release}, which was published; the manifest counts.`,
        );
      }
    }
  }
  return { facts, hops, index, warnings };
}

async function readIndex(release: Release, context: Context): Promise<ReleasedVersions> {
  const store = await context.store();
  // Where nothing was published nobody needs to have a key yet.
  const isEmpty = (await store.list(release.product)).length === 0;
  const trustedKeys = isEmpty ? [] : await context.trustedKeys();
  return readReleasedVersions(store, release.product, trustedKeys, release.version);
}

/** What two sources may say differently of one version. */
function pinsOf({ bridges, installsOver, keepsVersions, requires, stuck }: VersionFacts): string {
  return canonicalJson({ bridges, installsOver, keepsVersions, requires, stuck });
}
