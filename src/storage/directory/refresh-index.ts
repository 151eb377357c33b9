import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import type { StoredRelease } from "../artifact-store.ts";
import { type Descriptor, layoutIndex, ociManifestType, referenceName } from "../oci-layout.ts";
import type { ReleaseRecords } from "./release-records.ts";

const maxAttempts = 10;

/**
 * Derives `index.json`, for OCI tools, from the release records. Another publisher may write an older
 * view over ours, so it is compared again after writing; the records stay the truth either way.
 */
export function refreshIndex(storeDir: string, records: ReleaseRecords): void {
  const path = join(storeDir, "index.json");
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const releases = records.products().flatMap((product) => records.list(product));
    const content = layoutIndex(releases.flatMap(descriptorsOf));
    if (existsSync(path) && readFileSync(path, "utf8") === content) return;
    writeFileAtomic(path, content);
  }
}

function descriptorsOf(release: StoredRelease): Descriptor[] {
  return [
    {
      mediaType: ociManifestType,
      digest: release.manifestDigest,
      size: release.manifestSizeBytes,
      annotations: referenceName(release.product, release.version),
    },
    { mediaType: ociManifestType, digest: release.signatureDigest, size: release.signatureSizeBytes },
  ];
}
