import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { readBoundedFile } from "../base/bounded-file.ts";
import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { type Blob, blobPath, digestPattern, layoutIndex, layoutMarker } from "../storage/oci-layout.ts";
import type { BundleDescription, BundleSignature } from "./bundle-description.ts";
import {
  artifactsOf,
  emptyConfig,
  indexEntries,
  releaseManifest,
  signatureManifest,
} from "./bundle-format.ts";
import { filesChanged } from "./changed-files.ts";
import { digestBytes } from "./digest-file.ts";
import { parseResolved } from "./parse-resolved.ts";

const maxMetadataBytes = 16 * 1024 * 1024;

const descriptorSchema = z
  .looseObject({ digest: z.string().regex(digestPattern), size: z.int().nonnegative() })
  .transform(({ digest, size }): Blob => ({ digest, sizeBytes: size }));
const indexSchema = z.looseObject({ manifests: z.array(descriptorSchema).min(1).max(2) });
const manifestSchema = z.looseObject({ config: descriptorSchema, layers: z.array(descriptorSchema) });

/**
 * Reads what a bundle says it holds, with every digest of its metadata checked; artifacts are not read
 * and signatures not judged. The metadata must be, byte for byte, what iotctl writes for this release,
 * so that nothing can hide in it. Throws IOT_BUNDLE_INVALID or IOT_ARTIFACT_CHANGED.
 */
export async function readBundle(dir: string): Promise<BundleDescription> {
  const place = resolve(dir);
  if (!existsSync(join(place, "index.json"))) throw invalid(place, "it has no index.json");
  const marker = readBoundedFile(
    join(place, "oci-layout"),
    maxMetadataBytes,
    "the bundle's marker",
  ).toString();
  if (marker !== layoutMarker) throw invalid(place, `oci-layout must be ${layoutMarker}`);
  const index = readBoundedFile(join(place, "index.json"), maxMetadataBytes, "the bundle's index").toString();
  const [manifest, signatureEntry] = parse(place, "index.json", indexSchema, index).manifests;
  if (!manifest) throw invalid(place, "index.json lists nothing");

  const manifestText = readMetadata(place, "release manifest", manifest);
  const { config } = parse(place, "the release manifest", manifestSchema, manifestText);
  const configText = readMetadata(place, "resolved release", config);
  const parsed = parseResolved(parseJson(place, "the resolved release", configText));
  if ("problem" in parsed) throw invalid(place, `the resolved release is not valid: ${parsed.problem}`);
  const { resolved } = parsed;
  const signature = signatureEntry ? readSignature(place, manifest, signatureEntry) : null;

  const rebuilt =
    canonicalJson(resolved) === configText &&
    releaseManifest(config, resolved) === manifestText &&
    layoutIndex(indexEntries(resolved, manifest, signatureEntry ?? null)) === index;
  if (!rebuilt) throw invalid(place, "its index, manifest and resolved release do not belong together");
  return { dir: place, resolved, manifest, config, artifacts: artifactsOf(resolved), signature };
}

function readSignature(dir: string, release: Blob, manifest: Blob): BundleSignature {
  const text = readMetadata(dir, "signature manifest", manifest);
  const { config, layers: bundles } = parse(dir, "the signature manifest", manifestSchema, text);
  if (signatureManifest(config, release, bundles) !== text || bundles.length === 0) {
    throw invalid(dir, "its signature manifest does not refer to its release");
  }
  if (readMetadata(dir, "signature config", config) !== emptyConfig) {
    throw invalid(dir, "the config of its signature manifest is not empty");
  }
  return { manifest, config, bundles };
}

/** A small blob of the bundle as text, with its digest checked. */
export function readMetadata(dir: string, name: string, blob: Blob): string {
  const path = blobPath(dir, blob.digest);
  if (!existsSync(path)) throw filesChanged([{ name, path, expected: blob.digest, found: null }]);
  const bytes = readBoundedFile(path, maxMetadataBytes, `the ${name}`);
  const found = digestBytes(bytes);
  if (found.digest !== blob.digest) {
    throw filesChanged([{ name, path, expected: blob.digest, found: found.digest }]);
  }
  if (found.sizeBytes !== blob.sizeBytes) {
    throw invalid(dir, `the ${name} has ${found.sizeBytes} bytes where ${blob.sizeBytes} are recorded`);
  }
  return bytes.toString();
}

function parse<T>(dir: string, name: string, schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(dir, name, text));
  if (!parsed.success) throw invalid(dir, `${name} is not one of iotctl's: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseJson(dir: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(dir, `${name} is not JSON: ${messageOf(error)}`);
  }
}

function invalid(dir: string, why: string): IotctlError {
  return new IotctlError("IOT_BUNDLE_INVALID", `${dir} is not a bundle of iotctl: ${why}.`, {
    details: { dir },
  });
}
