// What the whole program answers when input or surroundings are wrong: an error of its own, an exit
// code, what to do about it, no stack, and nothing half-written.
import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeVersionProblem } from "../../bin/node-version.js";
import { filesBelow } from "../support/files-below.ts";
import { heldPort } from "../support/held-port.ts";
import { repositoryRoot } from "../support/repository.ts";
import { devEntry, type IotctlRun, runIotctl } from "../support/run-iotctl.ts";
import { growDisk, noSmallDisk, smallDisk } from "../support/small-disk.ts";
import { smallRelease, writeSmallRelease } from "../support/small-release.ts";
import { startIotctl } from "../support/start-iotctl.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

interface Refusal {
  readonly exit: number;
  readonly code: string;
  /** What the message must name. */
  readonly says: string;
  /** What a hint must tell to do. */
  readonly tries: string;
}

function expectRefusal(run: IotctlRun, { code, exit, says, tries }: Refusal): void {
  expect(run.stderr).toContain(`Code: ${code}`);
  expect(run).toMatchObject({ exitCode: exit, stdout: "" });
  expect(run.stderr).toContain(says);
  expect(run.stderr.match(/^ *(?:Try|hint): .*$/gm)?.join("\n")).toContain(tries);
  expect(run.stderr).not.toMatch(/^ +at /m);
}

/** A directory with a good release in it. */
function workspace(): string {
  const cwd = temporaryDirectory();
  writeSmallRelease(cwd);
  return cwd;
}

/** Types commands that have to succeed. */
async function typed(cwd: string, ...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const { exitCode, stderr } = await runIotctl(line.split(" "), { cwd });
    expect({ line, exitCode, stderr }).toEqual({ line, exitCode: 0, stderr: "" });
  }
}

/** Another environment, `small`, in which something is elsewhere. */
function writeEnvironment(cwd: string, { storage = "store", trusted = ".iotctl/keys/developer.pub.pem" }) {
  const content = `apiVersion: iotctl.dev/v1
kind: Environments
environments:
  small:
    fleet: { backend: embedded }
    storefront: { kind: local }
    storage: { directory: ${storage} }
    signing: { key: .iotctl/keys/developer.pem, trusted: [${trusted}] }
`;
  writeFileSync(join(cwd, "iotctl.yaml"), content);
}

function manifest(text: string): (cwd: string) => void {
  return (cwd) => writeFileSync(join(cwd, "release.yaml"), text);
}

/** Nine lists of nine, eleven deep: 31 billion values in 700 bytes. */
const bomb = Array.from({ length: 11 }, (_, depth) => {
  const item = depth === 0 ? "x" : `*a${depth - 1}`;
  return `a${depth}: &a${depth} [${Array.from({ length: 9 }, () => item).join(", ")}]\n`;
}).join("");

const appBlob = "66e93a7c5a2576c34833f10761ca00fadbd40b36eff79f1e0969652f607b0b43";

async function changedAfterSigning(cwd: string): Promise<void> {
  await typed(cwd, "bundle", "sign");
  appendFileSync(join(cwd, ".iotctl/bundle/blobs/sha256", appBlob), "!");
}

async function signedByStranger(cwd: string): Promise<void> {
  await typed(cwd, "bundle", "sign");
  const stranger = workspace();
  await typed(stranger, "bundle", "sign");
  writeEnvironment(cwd, { trusted: join(stranger, ".iotctl/keys/developer.pub.pem") });
}

const missingArtifact = (cwd: string): void => rmSync(join(cwd, "build/lamp.aab"));

interface BadInput extends Refusal {
  readonly type: string;
  /** What is wrong, in a directory that holds a good release. */
  readonly given: (cwd: string) => void | Promise<void>;
}

const neverStarted = {
  given: () => {},
  exit: 7,
  code: "IOT_SERVER_NOT_STARTED",
  says: ".iotctl/fleet/address.json does not exist",
  tries: "iotctl fleet serve",
};

const badInput: Record<string, BadInput> = {
  "a manifest of 10 MB": {
    type: "check",
    given: manifest(smallRelease + "#".repeat(10_000_000)),
    exit: 2,
    code: "IOT_MANIFEST_TOO_LARGE",
    says: "at most 1048576 bytes",
    tries: "Name the manifest, not an artifact",
  },
  "a YAML bomb": {
    type: "check",
    given: manifest(bomb),
    exit: 2,
    code: "IOT_MANIFEST_INVALID",
    says: "[IOT_MANIFEST_ALIASES]",
    tries: "fewer aliases",
  },
  "a binary file": {
    type: "check build/lamp.aab",
    given: (cwd) => writeFileSync(join(cwd, "build/lamp.aab"), "PK\u0003\u0004\u0000\u0000"),
    exit: 2,
    code: "IOT_MANIFEST_NOT_TEXT",
    says: "build/lamp.aab is not text: byte 4 is NUL",
    tries: "file build/lamp.aab",
  },
  "duplicate keys": {
    type: "check",
    given: manifest(smallRelease.replace("version: 1.0.0", "version: 1.0.0\nversion: 1.0.1")),
    exit: 2,
    code: "IOT_MANIFEST_INVALID",
    says: "release.yaml:5:1",
    tries: "Keep one of them",
  },
  "an unset variable": {
    type: "check",
    given: manifest(smallRelease.replace("version: 1.0.0", "version: ${LAMP_BUILD}")),
    exit: 2,
    code: "IOT_MANIFEST_INVALID",
    says: "`LAMP_BUILD` is not set",
    tries: "export LAMP_BUILD=",
  },
  "a missing artifact, to be bundled": {
    type: "bundle",
    given: missingArtifact,
    exit: 2,
    code: "IOT_ARTIFACT_MISSING",
    says: "build/lamp.aab does not exist",
    tries: "Build the artifacts",
  },
  "a missing artifact, to be released": {
    type: "release",
    given: missingArtifact,
    exit: 2,
    code: "IOT_ARTIFACT_MISSING",
    says: "release.yaml:11:15",
    tries: "Build it first",
  },
  "an artifact changed after signing": {
    type: "verify",
    given: changedAfterSigning,
    exit: 3,
    code: "IOT_ARTIFACT_CHANGED",
    says: `expected sha256:${appBlob}, found sha256:`,
    tries: "Build the bundle again",
  },
  "a signature by a key that is not trusted": {
    type: "verify --env small",
    given: signedByStranger,
    exit: 3,
    code: "IOT_SIGNATURE_UNTRUSTED",
    says: "Signed by key",
    tries: "See a key's hint: openssl",
  },
  "no server for a plan": { type: "plan", ...neverStarted },
  "no server for a release": { type: "release", ...neverStarted },
  "no server for a list of devices": { type: "fleet devices", ...neverStarted },
};

test.each(Object.entries(badInput))("%s", async (_, { given, type, ...refusal }) => {
  const cwd = workspace();
  await given(cwd);
  const before = filesBelow(cwd);
  expectRefusal(await runIotctl(type.split(" "), { cwd }), refusal);
  expect(filesBelow(cwd)).toEqual(before);
});

test("an artifact changed after signing is not published; built anew it is", async () => {
  const cwd = workspace();
  await changedAfterSigning(cwd);
  expectRefusal(await runIotctl(["push"], { cwd }), {
    exit: 3,
    code: "IOT_ARTIFACT_CHANGED",
    says: "app/2.0.0/lamp.aab",
    tries: "Build the bundle again",
  });
  const left = Object.keys(filesBelow(join(cwd, ".iotctl/storage")));
  expect(left.filter((path) => /^(releases|tmp)\/|66e93a7c/.test(path))).toEqual([]);
  await typed(cwd, "bundle", "sign", "push");
});

describe("a port in use", () => {
  const refusal = { exit: 2, code: "IOT_PORT_IN_USE", says: "is taken by another program" };

  test.each([
    ["fleet serve", ".iotctl/fleet"],
    ["dev storefront", ".iotctl/storefront"],
  ])("keeps iotctl %s from starting, and it starts on another", async (command, dir) => {
    const cwd = workspace();
    const argv = [...command.split(" "), "--port", await heldPort()];
    expectRefusal(await runIotctl(argv, { cwd }), { ...refusal, tries: "--port 0" });
    expect(existsSync(join(cwd, dir, "address.json"))).toBe(false);
    const server = await startIotctl(command.split(" "), { cwd, ready: /listens on/ });
    expect(await server.stop()).toBe(0);
  });

  test("keeps iotctl agent run from starting, and its firmware with it", async () => {
    const cwd = workspace();
    const marker = join(cwd, "payload.pid");
    writeFileSync(join(cwd, "image"), `#!/bin/sh\necho $$ > ${marker}\nexec sleep 60\n`);
    writeFileSync(join(cwd, "token"), "secret\n");
    const options = "--id lamp-1 --hardware l1 --dir device --server http://127.0.0.1:9 --token-file token";
    const factory = "--factory-image image --factory-version 1.0.0";
    const argv = `agent run ${options} ${factory} --link-port ${await heldPort()}`.split(" ");
    expectRefusal(await runIotctl(argv, { cwd }), { ...refusal, tries: "--link-port 0" });
    expect(existsSync(marker)).toBe(false);
  });
});

describe("a server that is away", () => {
  test("is named, with how to start it, and what needs none goes on", { timeout: 60_000 }, async () => {
    const cwd = workspace();
    const storefront = await startIotctl(["dev", "storefront"], { cwd, ready: /listens on/ });
    onTestFinished(() => void storefront.stop("SIGKILL"));
    const fleet = await startIotctl(["fleet", "serve"], { cwd, ready: /listens on/ });
    await fleet.stop("SIGKILL");
    for (const line of ["plan", "release", "fleet devices"]) {
      expectRefusal(await runIotctl(line.split(" "), { cwd }), {
        exit: 7,
        code: "IOT_FLEET_UNREACHABLE",
        says: "does not answer: connect ECONNREFUSED",
        tries: "iotctl fleet serve",
      });
    }
    expect(existsSync(join(cwd, ".iotctl/bundle"))).toBe(false);
    await typed(cwd, "bundle", "sign", "push");

    const next = await startIotctl(["fleet", "serve"], { cwd, ready: /listens on/ });
    onTestFinished(() => void next.stop("SIGKILL"));
    await storefront.stop("SIGKILL");
    expectRefusal(await runIotctl(["plan"], { cwd }), {
      exit: 7,
      code: "IOT_STOREFRONT_UNREACHABLE",
      says: "cannot be used: connect ECONNREFUSED",
      tries: "iotctl dev storefront",
    });
  });
});

describe("a full disk", () => {
  const full = { exit: 7, code: "IOT_DISK_FULL", says: "No room left on the disk", tries: "df -h" };

  test("is said by every command that writes, and leaves nothing half-written", async (context) => {
    const disk = smallDisk(64);
    if (disk === null) return context.skip(noSmallDisk);
    const cwd = workspace();
    writeFileSync(join(cwd, "build/lamp-l1.bin"), Buffer.alloc(100_000, "firmware"));
    expectRefusal(await runIotctl(["bundle", "--out", join(disk, "bundle")], { cwd }), full);
    expect(filesBelow(disk)).toEqual({});

    await typed(cwd, "bundle", "sign");
    writeEnvironment(cwd, { storage: join(disk, "store") });
    expectRefusal(await runIotctl(["push", "--env", "small"], { cwd }), full);
    const stored = Object.keys(filesBelow(disk));
    expect(stored.filter((path) => /\/(releases|tmp)\//.test(path))).toEqual([]);
    growDisk(disk, 1024);
    await typed(cwd, "push --env small");
  });

  test("keeps what runs from starting", async (context) => {
    const disk = smallDisk(64);
    if (disk === null) return context.skip(noSmallDisk);
    const cwd = workspace();
    writeFileSync(join(cwd, "token"), "secret\n");
    fill(disk);
    const agent = "agent run --id lamp-1 --hardware l1 --server http://127.0.0.1:9 --token-file token";
    for (const line of ["fleet serve", "dev storefront", agent]) {
      const argv = [...line.split(" "), "--dir", join(disk, line.slice(0, 5))];
      expectRefusal(await runIotctl(argv, { cwd }), full);
    }
    expectRefusal(await runIotctl(["init", "--product", "lamp"], { cwd: disk }), full);
    expect(existsSync(join(disk, "release.yaml"))).toBe(false);
  });

  test("is said when the result itself does not fit", (context) => {
    const disk = smallDisk(64);
    if (disk === null) return context.skip(noSmallDisk);
    fill(disk);
    const output = openSync(join(disk, "schema.json"), "w");
    const { status, stderr } = spawnSync(process.execPath, [devEntry, "schema"], {
      stdio: ["ignore", output, "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
      encoding: "utf8",
    });
    closeSync(output);
    expectRefusal({ exitCode: status ?? undefined, stdout: "", stderr }, full);
  });
});

function fill(disk: string): void {
  expect(() => writeFileSync(join(disk, "fill"), Buffer.alloc(100_000))).toThrow("ENOSPC");
}

test("an old Node is told which it takes, in a checkout too", async (context) => {
  const node = await oldNode();
  if (node === null) return context.skip("there is no Node on PATH that is too old");
  const cwd = workspace();
  const before = filesBelow(cwd);
  for (const entry of ["bin/run.js", "bin/dev.js"]) {
    for (const argv of [["check"], ["--version"]]) {
      const run = await execa(node, [join(repositoryRoot, entry), ...argv], { cwd, reject: false });
      const { exitCode, stderr, stdout } = run;
      expectRefusal(
        { exitCode, stderr, stdout },
        {
          exit: 2,
          code: "IOT_NODE_TOO_OLD",
          says: "cannot run iotctl; it needs 22.22.2 or later, 24.15 or later, or 26 and up",
          tries: "npx --package node@24",
        },
      );
    }
  }
  expect(filesBelow(cwd)).toEqual(before);
});

/** One that the machine has beside the project's own. */
async function oldNode(): Promise<string | null> {
  const { stdout } = await execa("which", ["-a", "node"], { reject: false });
  for (const path of new Set(stdout.split("\n").filter(Boolean))) {
    const { stdout: version } = await execa(path, ["--version"], { reject: false });
    if (/^v\d/.test(version) && nodeVersionProblem(version) !== null) return path;
  }
  return null;
}
