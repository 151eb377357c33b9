import { canonicalJson } from "../../base/canonical-json.ts";
import { digestBytes } from "../../bundle/digest-file.ts";
import type { VersionFacts } from "../../compat/relation.ts";
import type { Release } from "../../manifest/release.ts";
import { factsOfRelease } from "../../manifest/release-facts.ts";
import type { FieldLook } from "./look-at-field.ts";

/**
 * What a plan was made from, beside the field that stands in the plan itself: enough to tell later
 * whether it still holds, and what changed.
 */
export interface PlanBasis {
  /** `sha256:<hex>` of the manifest as it was read, with every default filled in; files that it names do not count. */
  readonly manifest: string;
  /** What the manifest says of versions. */
  readonly facts: readonly VersionFacts[];
  readonly pairing: Release["pairing"];
  /** Whether the field was observed, or given by a file. */
  readonly field: FieldLook["source"];
  readonly hardware?: NonNullable<FieldLook["hardware"]>;
  /** `sha256:<hex>` over the published releases whose facts were used. */
  readonly index: string;
  /** Those releases, version to digest. */
  readonly releases: Readonly<Record<string, string>>;
  /** Published releases that did not count, where there were any. */
  readonly leftOut?: readonly string[];
}

export function basisOf(release: Release, look: FieldLook): PlanBasis {
  return {
    manifest: digestBytes(canonicalJson(release)).digest,
    facts: factsOfRelease(release),
    pairing: release.pairing,
    field: look.source,
    ...(look.hardware && { hardware: look.hardware }),
    index: look.indexDigest,
    releases: look.releases,
    ...(look.leftOut.length > 0 && { leftOut: look.leftOut }),
  };
}
