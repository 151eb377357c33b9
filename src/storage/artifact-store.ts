/** Where bundles lie: content-addressed, immutable. Nothing is visible before it is whole and durable. */
export interface ArtifactStore {
  /** `directory`, … */
  readonly name: string;
  /** Where it is, for people. */
  readonly location: string;

  /** Stores bytes under their digest (`sha256:<hex>`), refusing bytes that do not have it. Idempotent. */
  putBlob(
    blob: { readonly digest: string; readonly sizeBytes: number },
    open: () => AsyncIterable<Uint8Array>,
  ): Promise<"stored" | "present">;

  /** Streams a blob; the stream fails with IOT_STORAGE_CORRUPT at its end when the bytes are not the digest's. */
  openBlob(digest: string): AsyncIterable<Uint8Array>;

  hasBlob(digest: string): Promise<boolean>;

  /**
   * Makes a release visible under `product` and `version`. The same manifest again changes nothing;
   * another manifest under the same version is refused with IOT_STORAGE_VERSION_TAKEN.
   */
  publish(release: StoredRelease): Promise<"published" | "present">;

  /** Null when the version was never published. */
  resolve(product: string, version: string): Promise<StoredRelease | null>;

  /** Every published release of a product, in the order of publication. */
  list(product: string): Promise<readonly StoredRelease[]>;
}

export interface StoredRelease {
  readonly product: string;
  readonly version: string;
  /** Digest and size of the OCI image manifest: what the release is. */
  readonly manifestDigest: string;
  readonly manifestSizeBytes: number;
  /** Digest and size of the OCI manifest that carries the signatures and refers to it. */
  readonly signatureDigest: string;
  readonly signatureSizeBytes: number;
}
