import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const staleAfterMs = 3_600_000;

/**
 * Removes what a crash left behind: entries of `dir` accepted by `isTemporary` that were last written
 * over an hour before `reference`. Ages are compared within one file system, so no clock is read and
 * a writer on another machine is not mistaken for a dead one.
 */
export function removeStaleFiles(
  dir: string,
  isTemporary: (name: string) => boolean,
  reference: string,
): void {
  const referenceMs = statSync(reference).mtimeMs;
  for (const name of readdirSync(dir)) {
    if (!isTemporary(name)) continue;
    const path = join(dir, name);
    const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? referenceMs;
    if (referenceMs - writtenMs > staleAfterMs) rmSync(path, { recursive: true, force: true });
  }
}
