import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { IotctlError, isSystemError } from "./errors.ts";

/**
 * Replaces a file so that a crash at any moment leaves either the old or the new content, whole:
 * write beside it, fsync, rename over it, fsync the directory. Creates missing directories.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content, { flush: true, mode });
    renameSync(temporary, path);
    fsyncDirectory(dirname(path));
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Where not even that can be said of the path, the first error is the one that explains it.
    }
    throw diskError(error, path);
  }
}

/** Makes the names in a directory durable: fsync of a file does not persist its name. */
export function fsyncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a write failed for want of room, as Node says it or as SQLite does. */
export function isDiskFull(error: unknown): boolean {
  const SQLITE_FULL = 13;
  if (isSystemError(error, "ENOSPC", "EDQUOT")) return true;
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
}

/** Turns a full disk into its own error; anything else comes back as it was. */
export function diskError(error: unknown, path: string): unknown {
  if (!isDiskFull(error)) return error;
  return new IotctlError("IOT_DISK_FULL", `No room left on the disk that holds ${path}.`, {
    hints: [`See what is free: df -h ${dirname(path)}`],
    cause: error,
  });
}
