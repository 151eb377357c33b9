#!/usr/bin/env node
// Old syntax on purpose: this file must load on any Node, if only to say that it is too old.
const argv = process.argv.slice(2);
const asksForVersion = argv.length === 1 && argv[0] === "--version";

if (asksForVersion && Number.parseInt(process.version.slice(1), 10) >= 22) {
  // Answered here, without an import, so that it takes hardly longer than Node itself.
  const { name, version } = readPackage(process.getBuiltinModule("node:fs"));
  console.log(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}`);
} else {
  void run();
}

// Not awaited at top level: a closed pipe would end the process with "unsettled top-level await".
async function run() {
  const { nodeVersionProblem } = await import("./node-version.js");
  const problem = nodeVersionProblem(process.version);
  if (problem !== null) {
    console.error(problem);
    process.exitCode = 2;
    return;
  }
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  const { main } = await import("../dist/cli/main.js");
  await main({ argv, pjson: readPackage(await import("node:fs")), root: new URL("../", import.meta.url) });
}

function readPackage(fs) {
  return JSON.parse(fs.readFileSync(new URL("../package.json", import.meta.url), "utf8"));
}
