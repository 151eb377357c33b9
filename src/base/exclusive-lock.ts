import { DatabaseSync } from "node:sqlite";
import { diskError } from "./atomic-file.ts";
import { messageOf } from "./errors.ts";

export interface ExclusiveLock {
  release(): void;
}

/**
 * Takes a lock between processes without waiting; null while another process holds it. The lock is
 * one of the operating system (SQLite's, on a file of its own), so it ends with the process however
 * that ends, and no stale one can remain. Throws IOT_DISK_FULL where there is no room for its file.
 */
export function tryExclusiveLock(file: string): ExclusiveLock | null {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return { release: () => lock.close() };
  } catch (error) {
    lock.close();
    if (/locked/.test(messageOf(error))) return null;
    throw diskError(error, file);
  }
}
