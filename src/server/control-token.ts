import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { isSystemError } from "../base/errors.ts";
import { newToken } from "./tokens.ts";

/** The control token in a file that its owner alone may read; made on first use, kept ever after. */
export function loadControlToken(path: string): string {
  try {
    const token = readFileSync(path, "utf8").trim();
    if (token !== "") return token;
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
  const token = newToken();
  writeFileAtomic(path, `${token}\n`, 0o600);
  return token;
}
