import { canonicalJson } from "../base/canonical-json.ts";
import { bothHold } from "../compat/both-hold.ts";
import type { ResolvedComponent, ResolvedRelease } from "./resolved-release.ts";

/** A component version that a published release carries. */
export interface Released {
  readonly resolved: ResolvedComponent;
  /** Version of the release. */
  readonly release: string;
  /** `sha256:<hex>` of the signed statement that proves it. */
  readonly attestationDigest: string;
}

/** A release that was proved, and `sha256:<hex>` of the statement that did. */
export interface ProvedRelease {
  readonly resolved: ResolvedRelease;
  readonly attestationDigest: string;
}

/** Adds what a release says of every version in it; returns where it contradicts those before, as sentences. */
export function addReleased(
  versions: Map<string, Map<string, Released>>,
  { attestationDigest, resolved }: ProvedRelease,
): string[] {
  const release = resolved.version;
  const warnings: string[] = [];
  const add = (component: string, now: Released): void => {
    const known = versions.get(component) ?? new Map<string, Released>();
    versions.set(component, known);
    const { version } = now.resolved;
    const before = known.get(version);
    if (before && disagree(before.resolved, now.resolved)) {
      warnings.push(
        `Releases ${before.release} and ${release} disagree about what ${component}@${version} needs; what both say holds.`,
      );
    }
    known.set(version, before ? together(before, now) : now);
  };
  for (const [component, known] of Object.entries(resolved.known)) {
    for (const version of Object.values(known))
      add(component, { resolved: version, release, attestationDigest });
  }
  for (const [component, version] of Object.entries(resolved.components)) {
    add(component, { resolved: version, release, attestationDigest });
  }
  return warnings;
}

/**
 * Naming a version once more, without its files, takes nothing from what the release that brought it said.
 * The pins of both hold: which was published last nobody signed.
 */
function together(before: Released, now: Released): Released {
  if (isMute(now.resolved)) return before;
  if (isMute(before.resolved)) return now;
  const [counts, other] = now.resolved.artifacts.length > 0 ? [now, before] : [before, now];
  return { ...counts, resolved: bothHold(counts.resolved, other.resolved) };
}

function disagree(before: ResolvedComponent, now: ResolvedComponent): boolean {
  return !isMute(before) && !isMute(now) && pinsOf(before) !== pinsOf(now);
}

/** Whether a version is only said to be in use. */
function isMute(version: ResolvedComponent): boolean {
  return version.artifacts.length === 0 && pinsOf(version) === '{"requires":{}}';
}

/** What a version says of others, as text to compare. */
function pinsOf(version: ResolvedComponent): string {
  const { bridges, installsOver, keepsVersions, requires, securityCounter, stuck } = version;
  return canonicalJson({ bridges, installsOver, keepsVersions, requires, securityCounter, stuck });
}
