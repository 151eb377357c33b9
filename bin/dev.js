#!/usr/bin/env node
// Runs src/ directly, without a build.
import { readFileSync } from "node:fs";
import { nodeVersionProblem } from "./node-version.js";

const problem = nodeVersionProblem(process.version);
if (problem !== null) {
  console.error(problem);
  process.exitCode = 2;
} else {
  const root = new URL("../", import.meta.url);
  const pjson = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  pjson.oclif.commands = "./src/commands";
  void import("../src/cli/main.ts").then(({ main }) =>
    main({ argv: process.argv.slice(2), pjson, root, ignoreManifest: true }),
  );
}
