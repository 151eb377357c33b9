import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A file system of `sizeKiB` until the test ends, or null where this user may not mount one. */
export function smallDisk(sizeKiB: number): string | null {
  const dir = join(temporaryDirectory(), "disk");
  mkdirSync(dir);
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${sizeKiB}k`, "tmpfs", dir], { stdio: "ignore" });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync("/bin/umount", [dir]));
  return dir;
}

/** Gives it more room. */
export function growDisk(dir: string, sizeKiB: number): void {
  execFileSync("/bin/mount", ["-o", `remount,size=${sizeKiB}k`, dir]);
}

/** Why a test that needs one is skipped. */
export const noSmallDisk = "a small tmpfs cannot be mounted here (needs root)";
