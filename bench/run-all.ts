// Runs every bench beside this file, one after the other, and writes what they say to RESULTS.md.
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figure.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const notBenches = ["figure.ts", "run-all.ts"];

const rows: string[] = [];
for (const file of readdirSync(here).filter((name) => name.endsWith(".ts") && !notBenches.includes(name))) {
  process.stderr.write(`${file}\n`);
  const output = execFileSync(process.execPath, [here + file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(output);
  for (const line of output.trim().split("\n")) {
    const { against, bench, figure, n, ratio, unit, value } = JSON.parse(line) as Figure;
    rows.push(`| ${bench} | ${figure} | ${value} ${unit} | ${ratio ?? ""} | ${against ?? ""} | ${n} |`);
  }
}

writeFileSync(
  `${here}RESULTS.md`,
  [
    "# Results",
    "",
    `Written by \`npm run bench\` on ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}, Node ${process.version}.`,
    "Times depend on the machine; ratios compare with a reference measured in the same run.",
    "",
    "| bench | figure | value | ratio | against | n |",
    "| --- | --- | ---: | ---: | --- | ---: |",
    ...rows,
    "",
  ].join("\n"),
);
