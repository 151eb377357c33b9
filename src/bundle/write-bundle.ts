import { resolve } from "node:path";
import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";
import type { Release } from "../manifest/release.ts";
import type { BundleDescription } from "./bundle-description.ts";
import { artifactsOf, indexEntries, releaseManifest } from "./bundle-format.ts";
import { type ArtifactFile, assertArtifactsExist, resolveRelease } from "./resolve-release.ts";
import type { ResolvedRelease } from "./resolved-release.ts";
import { StagedBundle } from "./staged-bundle.ts";

/**
 * Resolves a release and writes its bundle, reading every artifact once. `releaseDir` is what paths in
 * the manifest are relative to; `dir` is the bundle's place. Equal input gives an equal manifest digest.
 */
export async function bundleRelease(options: {
  readonly release: Release;
  readonly releaseDir: string;
  readonly dir: string;
}): Promise<BundleDescription> {
  const { release, releaseDir, dir } = options;
  assertArtifactsExist(release, releaseDir);
  return inStaging(dir, async (staged) => {
    const { resolved } = await resolveRelease(release, releaseDir, (path) => staged.addFile(path));
    return resolved;
  });
}

/**
 * Writes the bundle of a release that is already resolved. Files are hashed again while they are
 * copied: one that has changed since is IOT_ARTIFACT_CHANGED.
 */
export async function writeBundle(options: {
  readonly resolved: ResolvedRelease;
  readonly files: ReadonlyMap<string, ArtifactFile>;
  readonly dir: string;
}): Promise<BundleDescription> {
  const { resolved, files, dir } = options;
  return inStaging(dir, async (staged) => {
    for (const digest of new Set(artifactsOf(resolved).map((artifact) => artifact.digest))) {
      const file = files.get(digest);
      if (!file)
        throw new IotctlError("IOT_ARTIFACT_MISSING", `No file was given for the artifact ${digest}.`);
      const found = await staged.addFile(file.path);
      if (found.digest !== digest) {
        throw new IotctlError(
          "IOT_ARTIFACT_CHANGED",
          `${file.path} had the digest ${digest} when the release was resolved and has ${found.digest} now.`,
          { details: { path: file.path, expected: digest, found: found.digest } },
        );
      }
    }
    return resolved;
  });
}

async function inStaging(
  dir: string,
  fill: (staged: StagedBundle) => Promise<ResolvedRelease>,
): Promise<BundleDescription> {
  const staged = new StagedBundle(dir);
  try {
    const resolved = await fill(staged);
    const config = staged.addBytes(canonicalJson(resolved));
    const manifest = staged.addBytes(releaseManifest(config, resolved));
    staged.seal(indexEntries(resolved, manifest, null));
    return {
      dir: resolve(dir),
      resolved,
      manifest,
      config,
      artifacts: artifactsOf(resolved),
      signature: null,
    };
  } catch (error) {
    staged.discard();
    throw error;
  }
}
