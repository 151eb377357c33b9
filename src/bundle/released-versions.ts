import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import type { ArtifactStore, StoredRelease } from "../storage/artifact-store.ts";
import { digestBytes } from "./digest-file.ts";
import { addReleased, type ProvedRelease, type Released } from "./add-released.ts";
import { openRelease } from "./open-stored-release.ts";

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
      warnings.push(...addReleased(versions, proved));
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

async function prove(
  store: ArtifactStore,
  stored: StoredRelease,
  trustedKeys: readonly TrustedKey[],
): Promise<ProvedRelease | { readonly problem: string }> {
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
