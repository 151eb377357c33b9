// What the built program loads before it does anything. Numbers of modules and bytes are the same on
// every machine, so that something heavy cannot creep in behind the noise of a clock.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildProgram } from "../support/built-program.ts";
import { repositoryRoot } from "../support/repository.ts";
import { writeSmallRelease } from "../support/small-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
let entry: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "iotctl-built-"));
  entry = await buildProgram(home);
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function modulesOf(argv: readonly string[], cwd: string): Promise<string[]> {
  const file = join(temporaryDirectory(), "modules.json");
  const recorder = join(repositoryRoot, "test/support/record-modules.mjs");
  await execa(process.execPath, ["--import", recorder, entry, ...argv], {
    cwd,
    env: { RECORD_MODULES: file },
  });
  return JSON.parse(readFileSync(file, "utf8")) as string[];
}

test("--version loads nothing but the entry", async () => {
  const urls = await modulesOf(["--version"], temporaryDirectory());
  expect(urls.filter((url) => url.startsWith("file:"))).toHaveLength(1);
});

test("check brings along nothing heavy that it does not need", async () => {
  const cwd = temporaryDirectory();
  writeSmallRelease(cwd);
  const urls = await modulesOf(["check"], cwd);
  const files = urls.filter((url) => url.startsWith("file:"));
  const text = files.map((url) => readFileSync(new URL(url), "utf8")).join("\n");
  for (const unwanted of ["@sigstore", "listr2", "execa", "semver/index.js"]) {
    expect(text.includes(`node_modules/${unwanted}`), unwanted).toBe(false);
  }
  expect(text).toContain("node_modules/yaml");
  for (const unwanted of ["node:sqlite", "node:http", "node:worker_threads"])
    expect(urls).not.toContain(unwanted);
  expect(files.length).toBeLessThan(45);
  expect(text.length).toBeLessThan(1_800_000);
});
