import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { repositoryRoot } from "./repository.ts";

/** Builds the program into a directory as npm would install it, without node_modules; returns its entry. */
export async function buildProgram(dir: string): Promise<string> {
  await execa(process.execPath, [join(repositoryRoot, ".ci/build.mjs"), dir]);
  for (const part of ["bin", "examples"]) {
    cpSync(join(repositoryRoot, part), join(dir, part), { recursive: true });
  }
  copyFileSync(join(repositoryRoot, "package.json"), join(dir, "package.json"));
  return join(dir, "bin/run.js");
}
