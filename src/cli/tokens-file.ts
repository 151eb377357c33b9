import { existsSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError } from "../base/errors.ts";

const maxFileBytes = 64 * 1024 * 1024;

/** Device id to its token. */
export type DeviceTokens = Readonly<Record<string, string>>;

/** Reads a file that `writeTokens` wrote; absent, it is empty. Throws IOT_FILE_UNREADABLE. */
export function readTokens(path: string): DeviceTokens {
  if (!existsSync(path)) return {};
  const text = readBoundedFile(path, maxFileBytes, "the device tokens").toString("utf8");
  const tokens = parsed(text);
  if (tokens === null) {
    throw new IotctlError("IOT_FILE_UNREADABLE", `${path} does not hold device tokens.`, {
      details: { path },
    });
  }
  return tokens;
}

/** Writes tokens so that only the user can read them. */
export function writeTokens(path: string, tokens: DeviceTokens): void {
  writeFileAtomic(path, `${JSON.stringify(tokens, null, 2)}\n`, 0o600);
}

function parsed(text: string): DeviceTokens | null {
  try {
    const value: unknown = JSON.parse(text);
    const isTokens =
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((token) => typeof token === "string");
    return isTokens ? (value as DeviceTokens) : null;
  } catch {
    return null;
  }
}
