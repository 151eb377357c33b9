import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { IotctlError, messageOf } from "../base/errors.ts";
import { fileTrouble } from "../base/file-trouble.ts";

/** Far above any real manifest, far below what makes a YAML parser suffer. */
const manifestBytesMax = 1024 * 1024;

/**
 * Reads a manifest as UTF-8 text, never more than `manifestBytesMax` of it. Throws
 * IOT_FILE_UNREADABLE, IOT_MANIFEST_TOO_LARGE or IOT_MANIFEST_NOT_TEXT.
 */
export function readManifestText(path: string): string {
  const bytes = readBounded(path);
  if (bytes.includes(0)) throw notText(path, `byte ${bytes.indexOf(0)} is NUL`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw notText(path, "its bytes are not UTF-8", error);
  }
}

function readBounded(path: string): Buffer {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "r");
    const { size } = fstatSync(descriptor);
    if (size > manifestBytesMax) throw tooLarge(path, `is ${size} bytes`);
    return readToEnd(path, descriptor);
  } catch (error) {
    if (error instanceof IotctlError) throw error;
    throw new IotctlError(
      "IOT_FILE_UNREADABLE",
      `Cannot read ${path}: ${fileTrouble(error) ?? messageOf(error)}.`,
      {
        hints: ["Write a manifest to start from: iotctl init"],
        details: { path },
        cause: error,
      },
    );
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Size is no promise: pipes and files that grow have more to say. */
function readToEnd(path: string, descriptor: number): Buffer {
  const buffer = Buffer.allocUnsafe(manifestBytesMax + 1);
  let length = 0;
  for (;;) {
    const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (length > manifestBytesMax) throw tooLarge(path, "goes on");
    if (bytesRead === 0) return buffer.subarray(0, length);
  }
}

function tooLarge(path: string, what: string): IotctlError {
  return new IotctlError(
    "IOT_MANIFEST_TOO_LARGE",
    `${path} ${what}; a manifest has at most ${manifestBytesMax} bytes.`,
    { hints: ["Name the manifest, not an artifact, and keep old versions that nobody runs out of `known`."] },
  );
}

function notText(path: string, why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_MANIFEST_NOT_TEXT", `${path} is not text: ${why}.`, {
    hints: [`See what it is: file ${path}`],
    cause,
  });
}
