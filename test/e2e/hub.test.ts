// Real files from npm, released as docs/rehearse.md says: every command a process of its own, typed in an
// empty directory.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openContext } from "../../src/cli/context.ts";
import type { ReleaseResult } from "../../src/cli/release/run-release.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { RolloutView } from "../../src/rollout/engine/describe-rollout.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";
import { repositoryRoot } from "../support/repository.ts";
import { runIotctl, runIotctlJson } from "../support/run-iotctl.ts";
import { type BackgroundIotctl, startIotctl } from "../support/start-iotctl.ts";

const manifest = join(repositoryRoot, "examples/hub/release.yaml");
const deviceCount = 30;

let cwd: string;
const running: BackgroundIotctl[] = [];

async function start(line: string, ready: RegExp): Promise<void> {
  running.push(await startIotctl(line.split(" "), { cwd, ready }));
}

async function type<T>(...argv: readonly string[]) {
  return runIotctlJson<T>(argv, { cwd, timeoutMs: 60_000 });
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "iotctl-hub-"));
  await start("fleet serve", /listens on/);
  await start("dev storefront --speed 21600", /listens on/);
  await start(
    `dev fleet --devices ${deviceCount} --canaries 12 --hardware primehub,essentialhub,technichub ` +
      "--component hub --version 4.0.0-b4 --app app@8.0.9 --poll-interval 1s",
    /virtual devices poll/,
  );
  const allReported = async () => (await reportedVersions())["4.0.0-b4"] === deviceCount;
  await vi.waitUntil(allReported, { timeout: 15_000, interval: 500 });
}, 60_000);
afterAll(async () => {
  for (const command of running.toReversed()) await command.stop();
  rmSync(cwd, { recursive: true, force: true });
});

async function reportedVersions(): Promise<Record<string, number>> {
  const { data } = await type<{ devices: readonly Device[] }>("fleet", "devices");
  const counts = Map.groupBy(data!.devices, ({ reportedVersion }) => reportedVersion ?? "none");
  return Object.fromEntries([...counts].map(([version, devices]) => [version, devices.length]));
}

async function journal(): Promise<readonly JournalRecord[]> {
  return (await type<JournalRecord[]>("rollout", "history")).data!;
}

describe("releasing the hub", { timeout: 90_000 }, () => {
  it("passes the check", async () => {
    expect(await runIotctl(["check", manifest], { cwd })).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("plans the app before the firmware, with stages that can pass", async () => {
    const run = await runIotctl(["plan", manifest], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const { data } = await type<Plan>("plan", manifest);
    expect(data!.steps.map(({ action, component, version }) => `${action} ${component} ${version}`)).toEqual([
      "introduce app 8.0.10",
      "introduce hub 4.0.0-b5",
      "retire hub 4.0.0-b4",
      "retire app 8.0.9",
    ]);
    expect(data!.steps[1]?.guard).toEqual({ app: ">=8.0.10" });
  });

  it("shows the app to the first users and then asks for a person, with no hub touched", async () => {
    const { data, exitCode } = await type<ReleaseResult>("release", manifest);
    expect({ exitCode, status: data!.rollout!.status }).toEqual({ exitCode: 4, status: "awaiting-approval" });
    expect(await reportedVersions()).toEqual({ "4.0.0-b4": deviceCount });
  });

  it("ends completed once approved, with every hub on the new firmware", async () => {
    await type("rollout", "approve", "--stage", "fleet");
    const { data, exitCode } = await type<RolloutView>("rollout", "watch");
    expect({ exitCode, status: data!.status }).toEqual({ exitCode: 0, status: "completed" });
    expect(data!.devices).toMatchObject({ updated: deviceCount, failed: 0 });
    expect(await reportedVersions()).toEqual({ "4.0.0-b5": deviceCount });
  });

  it("gave no hub its firmware before the app had been shown to all", async () => {
    const records = await journal();
    const firstIndexOf = (effect: string): number =>
      records.findIndex(({ effects }) => effects.some((key) => key.startsWith(effect)));
    const exposed = firstIndexOf("expose:app@8.0.10:100");
    expect(exposed).toBeGreaterThanOrEqual(0);
    expect(firstIndexOf("assign:")).toBeGreaterThan(exposed);
  });

  it("let no phone meet a hub that it does not know", async () => {
    const context = await openContext({ envName: "local", cwd, env: {} });
    const { meetings } = await new Rehearsal({ url: context.storefrontUrl() }).meetings();
    const pairs = meetings
      .filter(({ answering }) => answering)
      .map(({ app, device }) => `${app.version} with ${device.component} ${device.version}`);
    expect([...new Set(pairs)].toSorted()).toEqual([
      "8.0.10 with hub 4.0.0-b4",
      "8.0.10 with hub 4.0.0-b5",
      "8.0.9 with hub 4.0.0-b4",
    ]);
  });

  it("moves nothing when it is released once more", async () => {
    const { data, exitCode } = await type<ReleaseResult>("release", manifest);
    expect({ exitCode, published: data!.bundle.published }).toEqual({ exitCode: 0, published: "present" });
    expect(data!.rollout?.devices.updated ?? deviceCount).toBe(deviceCount);
  });
});
