// A release from its manifest to storage, by the commands themselves.
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import Bundle from "../../src/commands/bundle.ts";
import CanI from "../../src/commands/can-i.ts";
import Check from "../../src/commands/check.ts";
import Init from "../../src/commands/init.ts";
import Push from "../../src/commands/push.ts";
import Schema from "../../src/commands/schema.ts";
import Sign from "../../src/commands/sign.ts";
import Verify from "../../src/commands/verify.ts";
import { runCommand } from "../support/run-command.ts";
import { smallRelease, writeSmallRelease } from "../support/small-release.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

describe("from manifest to storage", () => {
  test("seals, signs, proves and publishes", async () => {
    const dir = workInTemporaryDirectory();
    writeSmallRelease(dir);
    const bundled = await runCommand<{ manifest: { digest: string } }>(Bundle, []);
    expect(bundled.stdout).toContain("Next: iotctl sign");
    expect((await runCommand(Sign, [])).envelope.data).toMatchObject({ result: "signed", product: "lamp" });
    expect((await runCommand(Sign, [])).envelope.data).toMatchObject({ result: "present" });
    const identity = bundled.envelope.data?.manifest.digest;
    expect((await runCommand(Verify, [])).envelope.data).toMatchObject({
      manifestDigest: identity,
      artifacts: 2,
    });
    expect((await runCommand(Push, [])).envelope.data).toMatchObject({ result: "published" });
    expect((await runCommand(Push, [])).envelope.data).toMatchObject({ result: "present" });
    expect(existsSync(join(dir, ".iotctl/storage/index.json"))).toBe(true);
  });

  test("other bytes under the same version are refused", async () => {
    const dir = workInTemporaryDirectory();
    writeSmallRelease(dir);
    for (const command of [Bundle, Sign, Push]) await runCommand(command, []);
    appendFileSync(join(dir, "build/lamp-l1.bin"), "!");
    for (const command of [Bundle, Sign]) await runCommand(command, []);
    await expect(runCommand(Push, [])).rejects.toMatchObject({ code: "IOT_STORAGE_VERSION_TAKEN" });
  });

  test("an unsigned bundle is not published, a missing one is named", async () => {
    const dir = workInTemporaryDirectory();
    writeSmallRelease(dir);
    await expect(runCommand(Verify, [])).rejects.toMatchObject({ exit: expect.any(Number) });
    await runCommand(Bundle, []);
    await expect(runCommand(Push, [])).rejects.toMatchObject({ code: "IOT_SIGNATURE_MISSING", exit: 3 });
  });

  test("--json prints the envelope and nothing else", async () => {
    writeSmallRelease(workInTemporaryDirectory());
    const run = await runCommand(Bundle, ["--json"]);
    expect(JSON.parse(run.stdout)).toEqual(run.envelope);
    expect(run.stderr).toBe("");
    expect(run.envelope).toMatchObject({
      schemaVersion: 1,
      command: "bundle",
      ok: true,
      exitCode: 0,
      error: null,
    });
  });
});

describe("check", () => {
  test("reports everything wrong at once, in one error", async () => {
    const dir = workInTemporaryDirectory();
    writeSmallRelease(
      dir,
      smallRelease.replace("kind: firmware", "kind: firmwere").replace("product:", "prodct:"),
    );
    const failure = runCommand(Check, []);
    await expect(failure).rejects.toMatchObject({ code: "IOT_MANIFEST_INVALID", exit: 2 });
    await expect(failure).rejects.toThrow(/prodct[\s\S]*firmwere|firmwere[\s\S]*prodct/);
  });

  test("looks for artifacts when asked", async () => {
    const dir = workInTemporaryDirectory();
    writeFileSync(join(dir, "release.yaml"), smallRelease);
    expect((await runCommand(Check, [])).envelope.ok).toBe(true);
    await expect(runCommand(Check, ["--artifacts"])).rejects.toMatchObject({ code: "IOT_ARTIFACT_MISSING" });
  });

  test("knows the environments", async () => {
    writeSmallRelease(workInTemporaryDirectory());
    writeFileSync(
      "iotctl.yaml",
      "{ apiVersion: iotctl.dev/v1, kind: Environments, environments: { local: { " +
        "approvals: { approvers: [{ name: ana, key: absent.pem }] } } } }",
    );
    await expect(runCommand(Check, [])).rejects.toMatchObject({
      code: "IOT_FILE_UNREADABLE",
      message: expect.stringMatching(/The key of approver ana, .*absent\.pem/),
    });
    rmSync("iotctl.yaml");
    await expect(runCommand(Check, ["--env", "nowhere"])).rejects.toMatchObject({
      code: "IOT_ENVIRONMENT_UNKNOWN",
    });
  });
});

describe("init", () => {
  test("writes a manifest that passes check, and does not overwrite one", async () => {
    const dir = workInTemporaryDirectory();
    const run = await runCommand<{ artifacts: string[] }>(Init, ["--product", "lamp", "--hardware", "l1,l2"]);
    expect(run.envelope.data?.artifacts).toHaveLength(4);
    expect((await runCommand(Check, [])).envelope.data).toMatchObject({ product: "lamp", warnings: [] });

    const before = readFileSync(join(dir, "release.yaml"), "utf8");
    await expect(runCommand(Init, ["--product", "other"])).rejects.toMatchObject({
      code: "IOT_FILE_EXISTS",
      exit: 2,
    });
    expect(readFileSync(join(dir, "release.yaml"), "utf8")).toBe(before);
    await runCommand(Init, ["--product", "other", "--force"]);
    expect(readFileSync(join(dir, "release.yaml"), "utf8")).toContain("product: other");
  });
});

describe("can-i", () => {
  test.each([
    ["app@2.0.0", "lamp@1.1.0", "compatible", 0],
    ["app@2.0.0", "lamp@1.0.0", "incompatible", 3],
    ["lamp@1.1.0", "app@1.8.0", "unknown", 4],
  ])("%s with %s is %s", async (subject, other, verdict, exitCode) => {
    writeSmallRelease(workInTemporaryDirectory());
    const { envelope, stdout } = await runCommand(CanI, [subject, other]);
    expect(envelope).toMatchObject({ exitCode, ok: exitCode === 0, data: { verdict }, error: null });
    expect(stdout).toContain(verdict);
  });

  test("with the versions of the manifest gives the whole matrix", async () => {
    writeSmallRelease(workInTemporaryDirectory());
    const { envelope } = await runCommand<{ matrix: { other: string }[] }>(CanI, ["app@2.0.0", "--known"]);
    expect(envelope.data?.matrix.map((row) => row.other)).toEqual(["lamp@1.0.0", "lamp@1.1.0", "lamp@1.2.0"]);
    expect(envelope.exitCode).toBe(3);
  });

  test.each([["lmap@1.0.0"], ["lamp"], ["lamp@1"], ["@1.0.0"]])("refuses %s", async (subject) => {
    writeSmallRelease(workInTemporaryDirectory());
    await expect(runCommand(CanI, [subject, "--known"])).rejects.toMatchObject({
      code: "IOT_USAGE",
      exit: 2,
    });
  });

  test("asks the field, and says when there is none to ask", async () => {
    writeSmallRelease(workInTemporaryDirectory());
    await expect(runCommand(CanI, ["app@2.0.0"])).rejects.toMatchObject({
      code: "IOT_SERVER_NOT_STARTED",
      exit: 7,
    });
  });
});

test("schema prints a JSON Schema of each file", async () => {
  const release = await runCommand<{ title: string }>(Schema, []);
  const environments = await runCommand<{ title: string }>(Schema, ["environments"]);
  expect(JSON.parse(release.stdout)).toEqual(release.envelope.data);
  expect(release.envelope.data).not.toEqual(environments.envelope.data);
});
