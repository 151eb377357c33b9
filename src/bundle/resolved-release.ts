/**
 * A release with every artifact by digest: the predicate of the signed statement, and what devices
 * read to decide for themselves. Plain JSON; field names are part of the published format.
 */
export interface ResolvedRelease {
  readonly schemaVersion: 1;
  readonly product: string;
  readonly version: string;
  /** The versions that this release brings. */
  readonly components: Readonly<Record<string, ResolvedComponent>>;
  /** Versions that may be in the field, by component, then version; with artifacts they can be installed. */
  readonly known: Readonly<Record<string, Readonly<Record<string, ResolvedComponent>>>>;
}

export interface ResolvedComponent {
  readonly kind: "app" | "firmware" | "service";
  readonly version: string;
  readonly platform?: "ios" | "android";
  readonly appId?: string;
  readonly requires: Readonly<Record<string, string>>;
  readonly installsOver?: string;
  /** App: firmware that it can update even where the two do not fit, component to range. */
  readonly bridges?: Readonly<Record<string, string>>;
  /** Why those who use this version can never leave it. */
  readonly stuck?: string;
  /** Service: goes on serving the old version beside the new. */
  readonly keepsVersions?: true;
  /** Firmware: anti-rollback counter of the images. Absent, as in releases before there was one: 0. */
  readonly securityCounter?: number;
  readonly artifacts: readonly ResolvedArtifact[];
}

export interface ResolvedArtifact {
  /** Base name of the file. */
  readonly filename: string;
  /** Of a firmware variant. */
  readonly hardware?: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** in-toto predicate type of the release statement. */
export const releasePredicateType = "https://iotctl.dev/attestations/release/v1";
