import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import type { ArtifactStore, StoredRelease } from "../storage/artifact-store.ts";
import { bothHold } from "../compat/both-hold.ts";
import { digestBytes } from "./digest-file.ts";
import { openRelease } from "./open-stored-release.ts";
import type { ResolvedComponent, ResolvedRelease } from "./resolved-release.ts";

/** A component version that a published release carries. */
export interface Released {
  readonly resolved: ResolvedComponent;
  /** Version of the release. */
  readonly release: string;
  /** `sha256:<hex>` of the signed statement that proves it. */
  readonly attestationDigest: string;
}

/** What the published releases of a product say, so that a version's pins are known for as long as it lives. */
export interface ReleasedVersions {
  /** By component, then version. */
  readonly versions: ReadonlyMap<string, ReadonlyMap<string, Released>>;
  /** The releases that were read, version to manifest digest, sorted by version. */
  readonly releases: Readonly<Record<string, string>>;
  /** `sha256:<hex>` over `releases`: it changes exactly when they do. */
  readonly digest: string;
  /** Versions of releases that are in the storage and do not count, sorted: what they say is lost. */
  readonly leftOut: readonly string[];
  /** What was left out or contradicts itself, as sentences. */
  readonly warnings: readonly string[];
}

/** At less than 1 ms each, well under what a person notices. */
const releasesMax = 1000;
/** Opened at once: enough that the processor need not wait for the disk. */
const batchSize = 16;

/**
 * Reads what every published release of a product says of its versions, the newest 1000 of them. Only
 * what a trusted key signed counts: a release that cannot be proved is left out with a warning, and the
 * relation has to be told (`leftOut`), since what nobody says any more must not pass. Where releases say different things of one
 * version, both hold. `except` is the version of a release that is being made
 * and speaks for itself. Throws IOT_STORAGE_UNAVAILABLE.
 */
export async function readReleasedVersions(
  store: ArtifactStore,
  product: string,
  trustedKeys: readonly TrustedKey[],
  except?: string,
): Promise<ReleasedVersions> {
  const all = (await store.list(product)).filter(({ version }) => version !== except);
  const newest = all.slice(-releasesMax);
  const warnings: string[] = [];
  const leftOut = all.slice(0, -releasesMax).map(({ version }) => version);
  if (newest.length < all.length) {
    warnings.push(
      `${product} has ${all.length} published releases, and only the newest ${releasesMax} were read.`,
    );
  }
  const versions = new Map<string, Map<string, Released>>();
  const releases: [string, string][] = [];
  for (let at = 0; at < newest.length; at += batchSize) {
    const batch = newest.slice(at, at + batchSize);
    const opened = await Promise.all(batch.map((stored) => prove(store, stored, trustedKeys)));
    for (const [index, proved] of opened.entries()) {
      const { manifestDigest, version } = batch[index]!;
      if ("problem" in proved) {
        leftOut.push(version);
        warnings.push(`Release ${version} in the storage does not count: ${proved.problem}`);
        continue;
      }
      releases.push([version, manifestDigest]);
      addVersions(versions, proved, version, warnings);
    }
  }
  if (leftOut.length > 0) {
    warnings.push(
      "What was left out is lost: any two components count as coupled, and versions of which nothing else says what " +
        "they need are unknown. Where it cannot be restored, say under `known` what they need.",
    );
  }
  const sorted = Object.fromEntries(releases.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return {
    versions,
    releases: sorted,
    digest: digestBytes(canonicalJson(sorted)).digest,
    leftOut: leftOut.toSorted(),
    warnings,
  };
}

interface Proved {
  readonly resolved: ResolvedRelease;
  readonly attestationDigest: string;
}

async function prove(
  store: ArtifactStore,
  stored: StoredRelease,
  trustedKeys: readonly TrustedKey[],
): Promise<Proved | { readonly problem: string }> {
  try {
    const { resolved, signature } = await openRelease(store, stored, trustedKeys);
    return { resolved, attestationDigest: digestBytes(signature).digest };
  } catch (error) {
    // A storage that cannot be read at all is no matter of this release.
    if (!(error instanceof IotctlError) || error.code === "IOT_STORAGE_UNAVAILABLE") throw error;
    return { problem: `${error.message} ${remedyFor(error)}` };
  }
}

function remedyFor({ code }: IotctlError): string {
  return code === "IOT_SIGNATURE_UNTRUSTED"
    ? "If it is yours, add its key to `signing.trusted` of the environment."
    : "Restore it in the storage from a backup.";
}

function addVersions(
  versions: Map<string, Map<string, Released>>,
  { attestationDigest, resolved }: Proved,
  release: string,
  warnings: string[],
): void {
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
  const { bridges, installsOver, keepsVersions, requires, stuck } = version;
  return canonicalJson({ bridges, installsOver, keepsVersions, requires, stuck });
}
