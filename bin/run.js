#!/usr/bin/env node
import { readFileSync } from "node:fs";
import module from "node:module";
import { nodeVersionProblem } from "./node-version.js";

const problem = nodeVersionProblem(process.version);
if (problem !== null) {
  console.error(problem);
  process.exitCode = 2;
} else {
  const root = new URL("../", import.meta.url);
  const pjson = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const argv = process.argv.slice(2);
  if (argv.length === 1 && argv[0] === "--version") {
    // Answered here so that nothing else needs to be loaded.
    console.log(`${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}`);
  } else {
    module.enableCompileCache();
    // Not awaited at top level: a closed pipe would end the process with "unsettled top-level await".
    void import("../dist/cli/main.js").then(({ main }) => main({ argv, pjson, root }));
  }
}
