import { join } from "node:path";
import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";

/**
 * The parts of an OCI image layout that bundles on disk and the directory storage share.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export const ociManifestType = "application/vnd.oci.image.manifest.v1+json";
const ociIndexType = "application/vnd.oci.image.index.v1+json";

/** Bytes by digest. */
export interface Blob {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const digestPattern = /^sha256:([0-9a-f]{64})$/;

/** Content of the file `oci-layout`. */
export const layoutMarker = canonicalJson({ imageLayoutVersion: "1.0.0" });

/** Content of the file `index.json`. */
export function layoutIndex(manifests: readonly Descriptor[]): string {
  return canonicalJson({ schemaVersion: 2, mediaType: ociIndexType, manifests });
}

/** The annotation by which OCI tools find a release in a layout. */
export function referenceName(product: string, version: string): Readonly<Record<string, string>> {
  return { "org.opencontainers.image.ref.name": `${product}/${version}` };
}

/** Where a layout keeps the bytes of a digest. A text that is no digest never becomes a path. */
export function blobPath(layoutDir: string, digest: string): string {
  const hex = digestPattern.exec(digest)?.[1];
  if (hex === undefined) {
    throw new IotctlError("IOT_STORAGE_DIGEST_MISMATCH", `${JSON.stringify(digest)} is not a sha256 digest.`);
  }
  return join(layoutDir, "blobs", "sha256", hex);
}
