import type { DatabaseSync, StatementSync } from "node:sqlite";

export interface ArtifactRecord {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Lower-case hex, as clients want them: SWUpdate and RAUC check nothing else. */
  readonly sha1: string;
  readonly md5: string;
}

/** What is known of the blobs on the disk: images and signed releases. */
export class Artifacts {
  readonly #byDigest: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#byDigest = database.prepare(
      "SELECT digest, size_bytes AS sizeBytes, sha1, md5 FROM artifact WHERE digest = ?",
    );
    this.#insert = database.prepare(
      "INSERT INTO artifact (digest, size_bytes, sha1, md5) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
  }

  byDigest(digest: string): ArtifactRecord | null {
    const row = this.#byDigest.get(digest);
    return row ? ({ ...row } as unknown as ArtifactRecord) : null;
  }

  insert(artifact: ArtifactRecord): void {
    this.#insert.run(artifact.digest, artifact.sizeBytes, artifact.sha1, artifact.md5);
  }
}
