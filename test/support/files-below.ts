import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Everything below a directory by its path in it: the digest of a file, "" for anything else. */
export function filesBelow(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [relative(dir, path), entry.isFile() ? hash("sha256", readFileSync(path)) : ""] as const;
  });
  return Object.fromEntries(entries);
}
