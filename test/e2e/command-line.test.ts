// What the program as a process owes to shells, scripts and people.
import { execa } from "execa";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Envelope } from "../../src/cli/envelope.ts";
import { repositoryRoot } from "../support/repository.ts";
import { runIotctl } from "../support/run-iotctl.ts";
import { writeSmallRelease } from "../support/small-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const devEntry = join(repositoryRoot, "bin/dev.js");
const runEntry = join(repositoryRoot, "bin/run.js");

function envelopeOf(text: string): Envelope<unknown> {
  return JSON.parse(text) as Envelope<unknown>;
}

describe("an unknown command", () => {
  test("is a usage error that suggests the nearest one", async () => {
    const run = await runIotctl(["fleet", "devcies"], { cwd: temporaryDirectory() });
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain("There is no command `fleet devcies`.");
    expect(run.stderr).toContain("Try: iotctl fleet devices");
  });

  test("is an envelope on stdout with --json", async () => {
    const run = await runIotctl(["chekc", "--json"], { cwd: temporaryDirectory() });
    expect(run).toMatchObject({ exitCode: 2, stderr: "" });
    expect(envelopeOf(run.stdout)).toMatchObject({
      schemaVersion: 1,
      command: "",
      ok: false,
      exitCode: 2,
      data: null,
      error: { code: "IOT_USAGE", details: { typed: "chekc", nearest: "check" } },
    });
  });
});

describe("a command line the parser refuses", () => {
  test.each([
    ["a flag without its value", ["check", "--env"], "--env"],
    ["a flag that does not exist", ["check", "--nope"], "--nope"],
    ["an argument too many", ["check", "a.yaml", "b.yaml"], "b.yaml"],
    ["an argument that is not one of the choices", ["schema", "nope"], "nope"],
    ["an argument too few", ["can-i"], "version"],
    ["a duration that is none", ["fleet", "serve", "--poll-interval", "soon"], "soon"],
  ])("%s", async (_, argv, named) => {
    const run = await runIotctl([...argv, "--json"], { cwd: temporaryDirectory() });
    expect(run).toMatchObject({ exitCode: 2, stderr: "" });
    const { error } = envelopeOf(run.stdout);
    expect(error?.code).toBe("IOT_USAGE");
    expect(error?.message).toContain(named);
    expect(error?.hints[0]).toMatch(/^iotctl .* --help$/);
  });
});

describe("files", () => {
  test.each([
    ["missing", "nope.yaml"],
    ["a directory", "folder"],
  ])("%s", async (_, file) => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, "folder"));
    const run = await runIotctl(["check", file], { cwd });
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain("Code: IOT_FILE_UNREADABLE");
    expect(run.stderr).not.toContain("    at ");
  });
});

describe("streams", () => {
  test("a reader that leaves early is no failure", async () => {
    const child = execa(process.execPath, [devEntry, "schema"], { cwd: temporaryDirectory(), reject: false });
    child.stdout.destroy();
    const { exitCode, signal, stderr } = await child;
    expect({ exitCode, signal, stderr }).toEqual({ exitCode: 0, signal: undefined, stderr: "" });
  });

  test("head gets its line and the pipeline succeeds", async () => {
    const script = `set -o pipefail; "$0" "$1" --help | head -1`;
    const { exitCode, stdout } = await execa("bash", ["-c", script, process.execPath, devEntry]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toHaveLength(1);
  });

  test("optional arguments do not eat stdin", async () => {
    const cwd = temporaryDirectory();
    writeSmallRelease(cwd);
    const run = await runIotctl(["check"], { cwd, input: "from-stdin.yaml\n" });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toContain("lamp 1.0.0: no problems");
  });

  test("colours appear only where they are wanted", async () => {
    const cwd = temporaryDirectory();
    const plain = await runIotctl(["check", "nope.yaml"], { cwd });
    const coloured = await runIotctl(["check", "nope.yaml"], {
      cwd,
      env: { NO_COLOR: "", FORCE_COLOR: "1" },
    });
    expect(plain.stderr).not.toContain("\u001b[");
    expect(coloured.stderr).toContain("\u001b[31mError:");
  });

  test("the result is on stdout alone, warnings on stderr", async () => {
    const cwd = temporaryDirectory();
    writeSmallRelease(cwd);
    const run = await runIotctl(["check", "--json"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(envelopeOf(run.stdout)).toMatchObject({ command: "check", ok: true, exitCode: 0, error: null });
  });
});

describe("help and version", () => {
  test.each([["--help"], ["-h"], ["fleet"], ["fleet --help"], ["check --help"], ["check -h"]])(
    "iotctl %s",
    async (line) => {
      const run = await runIotctl(line.split(" "), { cwd: temporaryDirectory() });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      expect(run.stdout).toContain("USAGE");
    },
  );

  test("no arguments at all show the help", async () => {
    const run = await runIotctl([], { cwd: temporaryDirectory() });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("COMMANDS");
  });

  test("both entries print the same version", async () => {
    const dev = await runIotctl(["--version"], { cwd: temporaryDirectory() });
    const { stdout } = await execa(process.execPath, [runEntry, "--version"]);
    expect(stdout).toMatch(/^iotctl\/\d+\.\d+\.\d+ \S+ node-v\d+/);
    expect(dev.stdout).toBe(stdout);
  });
});

test("an old Node is refused before anything else is loaded", async () => {
  const pretend = join(temporaryDirectory(), "pretend.mjs");
  writeFileSync(pretend, 'Object.defineProperty(process, "version", { value: "v20.20.2" });');
  const { exitCode, stderr, stdout } = await execa(
    process.execPath,
    ["--import", pretend, runEntry, "check"],
    {
      reject: false,
    },
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain("Node.js v20.20.2 cannot run iotctl");
  expect(stderr).toContain("Code: IOT_NODE_TOO_OLD");
});
