import { diskError } from "../../base/atomic-file.ts";
import { IotctlError, isSystemError, messageOf } from "../../base/errors.ts";

/** Says in the storage's words what the file system answered: full, or not to be used. */
export function directoryError(error: unknown, location: string): unknown {
  if (isSystemError(error, "EACCES", "EPERM", "EROFS", "ENOTDIR", "EIO", "EEXIST", "EISDIR", "ENOTSUP")) {
    return new IotctlError(
      "IOT_STORAGE_UNAVAILABLE",
      `The storage ${location} cannot be used: ${messageOf(error)}.`,
      { hints: [`ls -ld ${location}`], details: { location }, cause: error },
    );
  }
  return diskError(error, location);
}
