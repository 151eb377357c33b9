import { dirname, resolve } from "node:path";
import { checkArtifacts } from "./check-artifacts.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { manifestError } from "./manifest-error.ts";
import { readManifestText } from "./read-manifest-text.ts";
import { readRelease } from "./read-release.ts";
import type { Release } from "./release.ts";

export interface LoadedRelease {
  readonly release: Release;
  /** Absolute directory of the manifest; artifact paths are relative to it. */
  readonly dir: string;
  /** What is odd but not wrong. */
  readonly warnings: readonly Diagnostic[];
  /** The text of the manifest, to show warnings in. */
  readonly source: string;
}

export interface LoadReleaseOptions {
  /** Reports artifacts that are missing together with everything else. Default: they are not looked at. */
  readonly artifactsMustExist?: boolean;
}

/**
 * Reads, checks and normalises a `release.yaml`. Throws IOT_MANIFEST_INVALID with every problem of
 * the file, IOT_ARTIFACT_MISSING when its artifacts are the only one, IOT_FILE_UNREADABLE,
 * IOT_MANIFEST_TOO_LARGE or IOT_MANIFEST_NOT_TEXT. `env` fills `${NAME}` in values other than `deploy`.
 */
export async function loadRelease(
  path: string,
  env: NodeJS.ProcessEnv,
  { artifactsMustExist = false }: LoadReleaseOptions = {},
): Promise<LoadedRelease> {
  const source = readManifestText(path);
  const dir = dirname(resolve(path));
  const { log, release, report } = readRelease(path, source, env);
  if (release !== null && artifactsMustExist) checkArtifacts(release, dir, report);
  if (release === null || log.hasErrors) throw manifestError(log);
  return { release, dir, warnings: log.diagnostics, source };
}
