import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Makes an empty directory the working directory until the test ends. */
export function workInTemporaryDirectory(): string {
  const before = process.cwd();
  const dir = temporaryDirectory();
  process.chdir(dir);
  onTestFinished(() => process.chdir(before));
  return dir;
}
