import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { Component, KnownVersion, Release } from "../manifest/release.ts";
import type { Blob } from "../storage/oci-layout.ts";
import { digestFile } from "./digest-file.ts";
import type { ResolvedArtifact, ResolvedComponent, ResolvedRelease } from "./resolved-release.ts";

/** Where the bytes of a digest can be read. */
export interface ArtifactFile {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly filename: string;
}

interface NamedFile {
  readonly path: string;
  readonly hardware?: string;
}

/**
 * Gives every artifact of a release its digest, reading each file once with `read` (which may also
 * copy it). Paths are relative to `dir`. Artifacts that are not there are reported together, as
 * IOT_ARTIFACT_MISSING, before the first byte is read.
 */
export async function resolveRelease(
  release: Release,
  dir: string,
  read: (path: string) => Promise<Blob> = digestFile,
): Promise<{ resolved: ResolvedRelease; files: Map<string, ArtifactFile> }> {
  assertArtifactsExist(release, dir);
  const files = new Map<string, ArtifactFile>();
  const byPath = new Map<string, Blob>();

  const resolveArtifact = async ({ path, hardware }: NamedFile): Promise<ResolvedArtifact> => {
    const absolute = resolve(dir, path);
    const blob = byPath.get(absolute) ?? (await read(absolute));
    byPath.set(absolute, blob);
    const filename = basename(absolute);
    files.set(blob.digest, { path: absolute, sizeBytes: blob.sizeBytes, filename });
    return { filename, ...(hardware === undefined ? {} : { hardware }), ...blob };
  };
  const resolveArtifacts = async (source: Component | KnownVersion): Promise<ResolvedArtifact[]> => {
    const artifacts: ResolvedArtifact[] = [];
    // One after the other: hashing keeps one core busy, and the order is part of the bundle.
    for (const file of namedFiles(source)) artifacts.push(await resolveArtifact(file));
    return artifacts;
  };

  const components: Record<string, ResolvedComponent> = {};
  for (const [name, component] of Object.entries(release.components)) {
    components[name] = {
      ...describe(component, component.version, component),
      artifacts: await resolveArtifacts(component),
    };
  }
  const known: Record<string, Record<string, ResolvedComponent>> = {};
  for (const { name, component, version, source } of knownVersions(release)) {
    known[name] ??= {};
    known[name][version] = {
      ...describe(component, version, source),
      artifacts: await resolveArtifacts(source),
    };
  }
  const { product, version } = release;
  return { resolved: { schemaVersion: 1, product, version, components, known }, files };
}

/** What does not depend on files; kind and identity of a known version are its component's. */
function describe(
  component: Component,
  version: string,
  source: Component | KnownVersion,
): Omit<ResolvedComponent, "artifacts"> {
  const installsOver = "installsOver" in source ? source.installsOver : undefined;
  const counter = "securityCounter" in source ? source.securityCounter : undefined;
  const bridges = "bridges" in source ? source.bridges : undefined;
  return {
    kind: component.kind,
    version,
    ...(component.kind === "app" ? { platform: component.platform, appId: component.id } : {}),
    requires: source.requires,
    ...(installsOver === undefined ? {} : { installsOver }),
    ...(bridges && { bridges }),
    ...("stuck" in source && source.stuck !== undefined && { stuck: source.stuck }),
    ...("keepsVersions" in source && source.keepsVersions && { keepsVersions: true }),
    ...(counter !== undefined && { securityCounter: counter }),
  };
}

function namedFiles(source: Component | KnownVersion): NamedFile[] {
  const files: NamedFile[] = [];
  if ("artifact" in source && source.artifact !== undefined) files.push({ path: source.artifact });
  if ("variants" in source) {
    for (const [hardware, path] of Object.entries(source.variants ?? {})) files.push({ path, hardware });
  }
  return files;
}

interface NamedVersion {
  readonly name: string;
  readonly component: Component;
  readonly version: string;
  readonly source: KnownVersion;
}

function knownVersions(release: Release): NamedVersion[] {
  return Object.entries(release.components).flatMap(([name, component]) =>
    Object.entries(release.known[name] ?? {}).map(([version, source]) => ({
      name,
      component,
      version,
      source,
    })),
  );
}

function problemOfFile(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return "does not exist";
    return stat.isFile() ? null : "is not a regular file";
  } catch (error) {
    return `cannot be looked at: ${messageOf(error)}`;
  }
}

/** Throws IOT_ARTIFACT_MISSING over every file that the release names and that is not there. */
export function assertArtifactsExist(release: Release, dir: string): void {
  const sources = [
    ...Object.entries(release.components).map(([name, source]) => ({
      name,
      version: source.version,
      source,
    })),
    ...knownVersions(release),
  ];
  const missing = sources.flatMap(({ name, version, source }) =>
    namedFiles(source).flatMap(({ path, hardware }) => {
      const why = problemOfFile(resolve(dir, path));
      if (why === null) return [];
      const component = `${name}@${version}${hardware === undefined ? "" : ` (${hardware})`}`;
      return [{ component, path: resolve(dir, path), why }];
    }),
  );
  if (missing.length === 0) return;
  const lines = missing.map(({ component, path, why }) => `  ${component}: ${path} ${why}`);
  throw new IotctlError(
    "IOT_ARTIFACT_MISSING",
    `${missing.length === 1 ? "An artifact is" : `${missing.length} artifacts are`} missing:\n${lines.join("\n")}`,
    { hints: ["Build the artifacts, or correct their paths in the manifest."], details: { missing } },
  );
}
