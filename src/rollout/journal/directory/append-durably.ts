import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import { diskError } from "../../../base/atomic-file.ts";

/** Writes a text at the end of a file that is to be `atByte` long, and syncs it; nothing half-written stays. */
export function appendDurably(file: string, atByte: number, text: string): void {
  const descriptor = openSync(file, "a+");
  try {
    // What a crash left half-written was never acknowledged; the chain goes on behind the last whole record.
    if (fstatSync(descriptor).size > atByte) ftruncateSync(descriptor, atByte);
    // Not writeSync: it may write a part of the text and say so only in its result.
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, atByte);
    throw diskError(error, file);
  } finally {
    closeSync(descriptor);
  }
}
