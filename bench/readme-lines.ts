// How long the lines at the top of the README take in a fresh clone. Arguments name the lines to measure;
// without any, all of them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportFigure } from "./figure.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "iotctl-bench-"));
const clone = join(home, "iotctl");
const lines = { ci: ["ci"], demo: ["run", "demo"], test: ["test"] };
const asked = process.argv.slice(2);

try {
  execFileSync("git", ["clone", "--quiet", repository, clone]);
  for (const [name, args] of Object.entries(lines)) {
    const line = `npm ${args.join(" ")}`;
    // Nothing runs before it is installed.
    if (name !== "ci" && asked.length > 0 && !asked.includes(name)) continue;
    const startMs = performance.now();
    execFileSync("npm", args, { cwd: clone, stdio: ["ignore", "ignore", "inherit"] });
    const value = (performance.now() - startMs) / 1000;
    const figure = name === "ci" ? `${line}, npm's cache as it was` : line;
    reportFigure({ bench: "readme-lines", figure, value, unit: "s", n: 1 });
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
