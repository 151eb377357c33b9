import { lstatSync, realpathSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { IotctlError, isSystemError } from "../base/errors.ts";
import { fileTrouble } from "../base/file-trouble.ts";

/**
 * Writes the file that a user asked a result to be written to, in place of one that is there. Only a
 * regular file gives way: a directory, a device or a pipe is IOT_FILE_UNREADABLE, and so is a place
 * that cannot be written to.
 */
export function writeResultFile(path: string, content: string): void {
  try {
    writeFileAtomic(replaceable(path), content);
  } catch (error) {
    const trouble = fileTrouble(error);
    throw trouble === null ? error : unusable(path, trouble, error);
  }
}

/** The file behind the path and its links; the path itself where nothing is yet. */
function replaceable(path: string): string {
  try {
    const file = realpathSync(path);
    const stat = lstatSync(file);
    if (stat.isFile()) return file;
    throw unusable(path, stat.isDirectory() ? "it is a directory, not a file" : "it is not a regular file");
  } catch (error) {
    if (isSystemError(error, "ENOENT") && !/[/\\]$/.test(path)) return path;
    throw error;
  }
}

function unusable(path: string, why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_FILE_UNREADABLE", `Cannot write ${path}: ${why}.`, {
    hints: [`ls -ld ${path}`],
    details: { path },
    cause,
  });
}
