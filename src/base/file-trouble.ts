import { isSystemError } from "./errors.ts";

/** Why a file named by a user cannot be used, in words; null where the file system is not to blame. */
export function fileTrouble(error: unknown): string | null {
  if (isSystemError(error, "ENOENT")) return "there is no such file or directory";
  if (isSystemError(error, "EACCES", "EPERM")) return "you are not permitted to";
  if (isSystemError(error, "EISDIR")) return "it is a directory, not a file";
  if (isSystemError(error, "ENOTDIR")) return "a part of its path is a file, not a directory";
  if (isSystemError(error, "EROFS")) return "it is on a read-only file system";
  return null;
}
