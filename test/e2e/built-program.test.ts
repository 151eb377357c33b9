// The program as it is installed: built, without its dependencies beside it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DemoResult } from "../../src/cli/demo/run-demo.ts";
import type { Envelope } from "../../src/cli/envelope.ts";
import { buildProgram } from "../support/built-program.ts";
import { writeSmallRelease } from "../support/small-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
let entry: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "iotctl-built-"));
  entry = await buildProgram(home);
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function run(argv: readonly string[], cwd: string) {
  const env = { NODE_COMPILE_CACHE: join(home, "cache"), NO_COLOR: "1" };
  return execa(process.execPath, [entry, ...argv], { cwd, env, reject: false, input: "" });
}

test("takes a release from its manifest to storage", async () => {
  const cwd = temporaryDirectory();
  writeSmallRelease(cwd);
  for (const command of ["check", "bundle", "sign", "verify", "push"]) {
    expect(await run([command], cwd)).toMatchObject({ exitCode: 0, stderr: "" });
  }
});

test("shows the help of every command, and refuses what it does not know", async () => {
  const cwd = temporaryDirectory();
  const manifest = JSON.parse(readFileSync(join(home, "oclif.manifest.json"), "utf8")) as {
    commands: object;
  };
  const ids = Object.keys(manifest.commands);
  expect(ids.length).toBeGreaterThan(10);
  const help = await run(["--help"], cwd);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  for (const id of ids) expect(help.stdout).toContain(id.split(":")[0]);
  expect(await run(["chekc"], cwd)).toMatchObject({ exitCode: 2 });
});

test("demo --fault bad-firmware stops at the canary, has the devices back, and exits with 5", async () => {
  const cwd = temporaryDirectory();
  const { exitCode, stdout } = await run(["demo", "--dir", "bad", "--fault", "bad-firmware", "--json"], cwd);
  expect(exitCode).toBe(5);
  const { data } = JSON.parse(stdout) as Envelope<DemoResult>;
  const { agents, meetings, rollout } = data!;
  expect(rollout).toMatchObject({ status: "rolled-back", failure: { gate: "canary-updated" } });
  expect(rollout.devices).toMatchObject({ updated: 0, updating: 0 });
  expect(Object.keys(rollout.population["fan"]!)).toEqual(["1.8.0", "1.9.4"]);
  const apps = rollout.steps.filter(
    ({ action, component }) => action === "introduce" && component.startsWith("app"),
  );
  expect(apps.map(({ state }) => state)).toEqual(["next", "next"]);
  expect(agents.map(({ answers }) => JSON.parse(answers).version)).toEqual(["1.9.4", "1.8.0"]);
  expect(meetings.incompatible).toBe(0);
}, 120_000);
