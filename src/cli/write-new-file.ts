import { existsSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { IotctlError } from "../base/errors.ts";

/** Writes a file for the user; one that is there already is IOT_FILE_EXISTS unless `overwrite`. */
export function writeNewFile(path: string, content: string, overwrite: boolean): void {
  if (!overwrite && existsSync(path)) {
    throw new IotctlError("IOT_FILE_EXISTS", `${path} exists already.`, {
      hints: ["Replace it: add --force"],
      details: { path },
    });
  }
  writeFileAtomic(path, content);
}
