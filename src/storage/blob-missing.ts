import { IotctlError } from "../base/errors.ts";

/** IOT_STORAGE_BLOB_MISSING: what every storage answers when it lacks the bytes of a digest. */
export function blobMissing(location: string, digest: string): IotctlError {
  return new IotctlError("IOT_STORAGE_BLOB_MISSING", `The storage ${location} does not hold ${digest}.`, {
    hints: ["Push the bundle again: what is missing is put back."],
    details: { location, digest },
  });
}
