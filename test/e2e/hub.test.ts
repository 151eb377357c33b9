// Real files from npm, released as docs/rehearse.md says: every command a process of its own, typed in an
// empty directory.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openContext } from "../../src/cli/context.ts";
import type { ReleaseResult } from "../../src/cli/release/run-release.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { RolloutView } from "../../src/rollout/engine/describe-rollout.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";
import { RehearsedFleet } from "../support/rehearsed-fleet.ts";
import { repositoryRoot } from "../support/repository.ts";
import { runIotctl } from "../support/run-iotctl.ts";

const manifest = join(repositoryRoot, "examples/hub/release.yaml");
const deviceCount = 30;

const fleet = new RehearsedFleet(60_000);

beforeAll(async () => {
  await fleet.start({
    count: deviceCount,
    version: "4.0.0-b4",
    options: "--hardware primehub,essentialhub,technichub --component hub --app app@8.0.9 --poll-interval 1s",
  });
}, 60_000);
afterAll(() => fleet.stop());

async function journal(): Promise<readonly JournalRecord[]> {
  return (await fleet.type<JournalRecord[]>("rollout", "history")).data!;
}

describe("releasing the hub", { timeout: 90_000 }, () => {
  it("passes the check", async () => {
    expect(await runIotctl(["check", manifest], { cwd: fleet.cwd })).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
  });

  it("plans the app before the firmware, with stages that can pass", async () => {
    const run = await runIotctl(["plan", manifest], { cwd: fleet.cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const { data } = await fleet.type<Plan>("plan", manifest);
    expect(data!.steps.map(({ action, component, version }) => `${action} ${component} ${version}`)).toEqual([
      "introduce app 8.0.10",
      "introduce hub 4.0.0-b5",
      "retire hub 4.0.0-b4",
      "retire app 8.0.9",
    ]);
    expect(data!.steps[1]?.guard).toEqual({ app: ">=8.0.10" });
  });

  it("shows the app to the first users and then asks for a person, with no hub touched", async () => {
    const { data, exitCode } = await fleet.type<ReleaseResult>("release", manifest);
    expect({ exitCode, status: data!.rollout!.status }).toEqual({ exitCode: 4, status: "awaiting-approval" });
    expect(await fleet.reportedVersions()).toEqual({ "4.0.0-b4": deviceCount });
  });

  it("ends completed once approved, with every hub on the new firmware", async () => {
    await fleet.type("rollout", "approve", "--stage", "fleet", "--yes");
    const { data, exitCode } = await fleet.type<RolloutView>("rollout", "watch");
    expect({ exitCode, status: data!.status }).toEqual({ exitCode: 0, status: "completed" });
    expect(data!.devices).toMatchObject({ updated: deviceCount, failed: 0 });
    expect(await fleet.reportedVersions()).toEqual({ "4.0.0-b5": deviceCount });
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
    const context = await openContext({ envName: "local", cwd: fleet.cwd, env: {} });
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
    const { data, exitCode } = await fleet.type<ReleaseResult>("release", manifest);
    expect({ exitCode, published: data!.bundle.published }).toEqual({ exitCode: 0, published: "present" });
    expect(data!.rollout?.devices.updated ?? deviceCount).toBe(deviceCount);
  });
});
