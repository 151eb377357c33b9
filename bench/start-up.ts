// How long the built program takes to start, against a bare Node in the same rounds.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, reportFigure } from "./figure.ts";

const rounds = 25;
const repository = fileURLToPath(new URL("..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "iotctl-bench-"));
const entry = join(home, "bin/run.js");

/** Wall milliseconds of one run of Node. */
function time(args: readonly string[]): number {
  const startMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: home });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr.toString()}`);
  return performance.now() - startMs;
}

try {
  spawnSync(process.execPath, [join(repository, ".ci/build.mjs"), home], { stdio: "inherit" });
  cpSync(join(repository, "bin"), join(home, "bin"), { recursive: true });
  copyFileSync(join(repository, "package.json"), join(home, "package.json"));
  time([entry, "init", "--product", "bench"]);
  const bare = ["-e", "0"];
  const commands = [["--version"], ["check"], ["--help"], ["schema"]];
  for (const argv of commands) time([entry, ...argv]);

  const bareMs: number[] = [];
  const ratios = commands.map((): number[] => []);
  const wallMs = commands.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const reference = time(bare);
    bareMs.push(reference);
    for (const [index, argv] of commands.entries()) {
      const ms = time([entry, ...argv]);
      wallMs[index]?.push(ms);
      ratios[index]?.push(ms / reference);
    }
  }
  reportFigure({ bench: "start-up", figure: "node -e 0", value: median(bareMs), unit: "ms", n: rounds });
  for (const [index, argv] of commands.entries()) {
    reportFigure({
      bench: "start-up",
      figure: `iotctl ${argv.join(" ")}`,
      value: median(wallMs[index] ?? []),
      unit: "ms",
      against: "node -e 0",
      ratio: median(ratios[index] ?? []),
      n: rounds,
    });
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
