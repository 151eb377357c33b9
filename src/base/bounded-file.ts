import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { IotctlError, isSystemError, messageOf } from "./errors.ts";
import { fileTrouble } from "./file-trouble.ts";

/**
 * Reads a small file whole. A file that is missing, not a regular file or larger than `maxBytes` is
 * IOT_FILE_UNREADABLE; `what` names it in the sentence ("the signing key").
 */
export function readBoundedFile(path: string, maxBytes: number, what: string): Buffer {
  let descriptor: number | null = null;
  try {
    // Without O_NONBLOCK, opening a pipe would wait for ever for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw unreadable(path, what, "it is not a regular file");
    if (stat.size > maxBytes) {
      throw unreadable(path, what, `it has ${stat.size} bytes and at most ${maxBytes} are read`);
    }
    const content = Buffer.allocUnsafe(stat.size);
    let length = 0;
    while (length < content.length) {
      const read = readSync(descriptor, content, length, content.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return content.subarray(0, length);
  } catch (error) {
    if (error instanceof IotctlError) throw error;
    throw unreadable(
      path,
      what,
      isSystemError(error, "ENOENT") ? "it does not exist" : (fileTrouble(error) ?? messageOf(error)),
      error,
    );
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function unreadable(path: string, what: string, why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_FILE_UNREADABLE", `Cannot read ${what} ${path}: ${why}.`, {
    details: { path },
    cause,
  });
}
