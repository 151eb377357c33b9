import { canonicalJson } from "../base/canonical-json.ts";
import {
  sigstoreBundleMediaType,
  type Statement,
  statementType,
  type Subject,
} from "../signing/statement.ts";
import { type Blob, type Descriptor, ociManifestType, referenceName } from "../storage/oci-layout.ts";
import { releasePredicateType, type ResolvedArtifact, type ResolvedRelease } from "./resolved-release.ts";

/** Artifact type of the manifest and media type of its config, the resolved release as canonical JSON. */
export const releaseMediaType = "application/vnd.iotctl.release.v1+json";
const artifactMediaType = "application/octet-stream";
const emptyMediaType = "application/vnd.oci.empty.v1+json";

/** The config of the signature manifest; OCI wants one, and says that this is how to have none. */
export const emptyConfig = "{}";

/** An artifact under the name that the bundle and the statement give it, unique within the release. */
export interface NamedArtifact extends Blob {
  /** `component/version/filename`, or `component/version/hardware/filename` for a variant. */
  readonly name: string;
}

/** Every artifact of a resolved release and of its known versions, sorted by name. */
export function artifactsOf(resolved: ResolvedRelease): NamedArtifact[] {
  const versions = [
    ...Object.entries(resolved.components),
    ...Object.entries(resolved.known).flatMap(([name, known]) =>
      Object.values(known).map((component) => [name, component] as const),
    ),
  ];
  return versions
    .flatMap(([component, { version, artifacts }]) =>
      artifacts.map((artifact) => ({
        name: artifactName(component, version, artifact),
        digest: artifact.digest,
        sizeBytes: artifact.sizeBytes,
      })),
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function artifactName(component: string, version: string, { hardware, filename }: ResolvedArtifact): string {
  return [component, version, hardware, filename].filter((part) => part !== undefined).join("/");
}

/** The OCI image manifest of a release; equal releases give equal bytes. */
export function releaseManifest(config: Blob, resolved: ResolvedRelease): string {
  return canonicalJson({
    schemaVersion: 2,
    mediaType: ociManifestType,
    artifactType: releaseMediaType,
    config: descriptor(releaseMediaType, config),
    layers: artifactsOf(resolved).map((artifact) => ({
      ...descriptor(artifactMediaType, artifact),
      annotations: { "org.opencontainers.image.title": artifact.name },
    })),
  });
}

/** The OCI manifest that attaches signatures to a release, as a referrer. */
export function signatureManifest(config: Blob, release: Blob, signatures: readonly Blob[]): string {
  return canonicalJson({
    schemaVersion: 2,
    mediaType: ociManifestType,
    artifactType: sigstoreBundleMediaType,
    config: descriptor(emptyMediaType, config),
    layers: signatures.map((signature) => descriptor(sigstoreBundleMediaType, signature)),
    subject: descriptor(ociManifestType, release),
  });
}

/** The entries of a bundle's index: the release, and its signatures once there are any. */
export function indexEntries(
  { product, version }: { readonly product: string; readonly version: string },
  release: Blob,
  signature: Blob | null,
): Descriptor[] {
  const entry: Descriptor = {
    ...descriptor(ociManifestType, release),
    artifactType: releaseMediaType,
    annotations: referenceName(product, version),
  };
  if (!signature) return [entry];
  return [entry, { ...descriptor(ociManifestType, signature), artifactType: sigstoreBundleMediaType }];
}

/** What a signer says about a release: its manifest and every artifact in it. */
export function releaseStatement(resolved: ResolvedRelease, manifestDigest: string): Statement {
  const manifest = { name: `${resolved.product}@${resolved.version}`, digest: manifestDigest };
  return {
    _type: statementType,
    subject: [manifest, ...artifactsOf(resolved)].map(({ name, digest }): Subject => ({
      name,
      digest: { sha256: digest.replace("sha256:", "") },
    })),
    predicateType: releasePredicateType,
    predicate: resolved,
  };
}

function descriptor(mediaType: string, { digest, sizeBytes }: Blob): Descriptor {
  return { mediaType, digest, size: sizeBytes };
}
