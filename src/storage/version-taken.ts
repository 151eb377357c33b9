import { IotctlError } from "../base/errors.ts";
import type { StoredRelease } from "./artifact-store.ts";

/** IOT_STORAGE_VERSION_TAKEN: what every storage answers to another release under a published version. */
export function versionTaken(published: StoredRelease, refused: StoredRelease): IotctlError {
  const { product, version } = published;
  return new IotctlError(
    "IOT_STORAGE_VERSION_TAKEN",
    `${product} ${version} is already published as ${published.manifestDigest}; this one is ${refused.manifestDigest}.`,
    {
      hints: ["Raise `version` in the manifest: a published release never changes."],
      details: { published, refused },
    },
  );
}
