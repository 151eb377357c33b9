import type { Blob } from "../storage/oci-layout.ts";
import type { NamedArtifact } from "./bundle-format.ts";
import type { ResolvedRelease } from "./resolved-release.ts";

/** What a bundle on disk says it holds. */
export interface BundleDescription {
  /** Absolute. */
  readonly dir: string;
  readonly resolved: ResolvedRelease;
  /** The OCI manifest: its digest is the identity of the release. */
  readonly manifest: Blob;
  /** The resolved release as canonical JSON. */
  readonly config: Blob;
  readonly artifacts: readonly NamedArtifact[];
  /** Null while unsigned. */
  readonly signature: BundleSignature | null;
}

export interface BundleSignature {
  /** The OCI manifest that refers to the release and holds the rest. */
  readonly manifest: Blob;
  /** `{}`, which OCI wants. */
  readonly config: Blob;
  /** Sigstore bundles, one for each key that signed. */
  readonly bundles: readonly Blob[];
}
