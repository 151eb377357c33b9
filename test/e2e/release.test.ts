// One release, typed step by step as a person would, with everything that can come in between.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReleaseResult } from "../../src/cli/release/run-release.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { RolloutView } from "../../src/rollout/engine/describe-rollout.ts";
import { type CeilingFanWorld, startCeilingFanWorld } from "../support/ceiling-fan-world.ts";
import { runIotctl, runIotctlJson } from "../support/run-iotctl.ts";
import { startIotctl } from "../support/start-iotctl.ts";

let fan: CeilingFanWorld;
beforeAll(async () => {
  fan = await startCeilingFanWorld(40);
}, 60_000);
afterAll(() => fan.stop());

const options = () => ({ cwd: fan.dir, timeoutMs: 60_000 });

describe("releasing the ceiling fan", { timeout: 90_000 }, () => {
  it("shows the plan with --dry-run and touches nothing", async () => {
    const before = readdirSync(join(fan.dir, ".iotctl")).toSorted();
    const { data, exitCode } = await runIotctlJson<{ dryRun: true; plan: Plan }>(
      ["release", "--dry-run"],
      options(),
    );
    expect(exitCode).toBe(0);
    expect(data!.plan.steps.map(({ action, component }) => `${action} ${component}`).slice(0, 4)).toEqual([
      "introduce cloud",
      "retire cloud",
      "introduce fan",
      "retire fan",
    ]);
    expect(readdirSync(join(fan.dir, ".iotctl")).toSorted()).toEqual(before);
  });

  it("stops before anything begins when it is interrupted while it prepares", async () => {
    const release = await startIotctl(["release"], { cwd: fan.dir, ready: /Check: / });
    expect(await release.stop("SIGINT")).toBe(130);
    expect((await runIotctlJson<unknown[]>(["rollout", "list"], options())).data).toEqual([]);
  });

  it("shows the pairs where there is no safe order, and moves nothing", async () => {
    const lockstep = readFileSync(join(fan.dir, "release.yaml"), "utf8")
      .replace('requires: { fan: ">=1.9.0 <3.0.0" }', 'requires: { fan: ">=2.0.0" }')
      .replace('app-ios: ">=4.1.0"', 'app-ios: ">=4.2.0"');
    writeFileSync(join(fan.dir, "lockstep.yaml"), lockstep);
    const { error, exitCode } = await runIotctlJson(["release", "lockstep.yaml"], options());
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 3, code: "IOT_PLAN_BLOCKED" });
    expect(error?.message).toContain("app-ios@4.1.0 and fan@2.0.0 are incompatible");
    expect(error?.message).toContain("Any one of these would make one:");
    const { stdout } = await runIotctl(["plan", "lockstep.yaml"], options());
    expect(stdout).toContain("There is no safe order.");
    expect(stdout).toContain("Publish app-ios between 4.1.0 and 4.2.0");
    expect((await runIotctlJson<unknown[]>(["rollout", "list"], options())).data).toEqual([]);
  });

  it("exits with 10 from plan --detailed-exitcode when there is something to do", async () => {
    expect((await runIotctl(["plan", "--detailed-exitcode"], options())).exitCode).toBe(10);
  });

  it("survives being killed anywhere, and goes on where it was until a person is needed", async () => {
    for (const afterMs of [900, 1500, 2500]) {
      const kill = AbortSignal.timeout(afterMs);
      await runIotctl(["release"], { ...options(), kill });
    }
    const { data, exitCode } = await runIotctlJson<ReleaseResult>(["release"], options());
    expect(exitCode).toBe(4);
    expect(data!.rollout).toMatchObject({ status: "awaiting-approval", rolloutId: "ceiling-fan-2026.11.0" });
    expect(data!.rollout!.devices).toMatchObject({ failed: 0 });
    expect(data!.rollout!.devices.updated).toBeLessThanOrEqual(12);
  });

  it("tells in words what is waited for and what to type", async () => {
    const { stdout } = await runIotctl(["rollout", "status"], options());
    expect(stdout).toContain("Waits for 1 approval of stage fleet");
    expect(stdout).toContain("iotctl rollout approve ceiling-fan-2026.11.0 --stage fleet");
  });

  it("stops looking on Ctrl-C and leaves the rollout as it is", async () => {
    const watch = await startIotctl(["rollout", "watch", "--wait"], {
      cwd: fan.dir,
      ready: /awaiting approval/,
    });
    expect(await watch.stop("SIGINT")).toBe(130);
    expect(watch.said()).toContain("IOT_INTERRUPTED");
    const { data } = await runIotctlJson<RolloutView>(["rollout", "status"], options());
    expect(data!.status).toBe("awaiting-approval");
  });

  it("refuses another release of the product beside it, before anything is written", async () => {
    const manifest = readFileSync(join(fan.dir, "release.yaml"), "utf8");
    writeFileSync(join(fan.dir, "next.yaml"), manifest.replace("version: 2026.11.0", "version: 2026.12.0"));
    const { error, exitCode } = await runIotctlJson(["release", "next.yaml"], options());
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 6, code: "IOT_ROLLOUT_IN_PROGRESS" });
  });

  it("refuses to go on with an artifact that has changed since", async () => {
    const image = join(fan.dir, "firmware/images/fan-a1-2.0.0.bin");
    const good = readFileSync(image);
    appendFileSync(image, "// changed\n");
    const { error, exitCode } = await runIotctlJson(["release"], options());
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 6, code: "IOT_RELEASE_CHANGED" });
    writeFileSync(image, good);
  });

  it("does not take an approval of a stage that does not exist", async () => {
    const { error, exitCode } = await runIotctlJson(["rollout", "approve", "--stage", "flet"], options());
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 2, code: "IOT_STAGE_UNKNOWN" });
  });

  it("holds while paused, whatever is approved", async () => {
    await runIotctlJson(["rollout", "pause", "--reason", "lunch"], options());
    await runIotctlJson(["rollout", "approve", "--stage", "fleet", "--yes"], options());
    const { data, exitCode } = await runIotctlJson<RolloutView>(["rollout", "advance"], options());
    expect({ exitCode, status: data!.status }).toEqual({ exitCode: 4, status: "paused" });
    expect((await runIotctlJson<RolloutView>(["rollout", "resume"], options())).data!.status).toBe("running");
  });

  it("ends with every awake device on the new firmware and no bad meeting", async () => {
    const { data, exitCode } = await runIotctlJson<RolloutView>(["rollout", "watch"], options());
    expect({ exitCode, status: data!.status }).toEqual({ exitCode: 0, status: "completed" });
    expect(data!.devices.failed).toBe(0);
    expect(data!.devices.updated).toBeGreaterThanOrEqual(38);
    const { meetings } = await fan.world.meetings();
    const oldApps = meetings.filter(
      ({ answering, app, device }) => answering && app.version === "4.2.0" && device.version === "1.8.0",
    );
    expect(oldApps).toEqual([]);
  });

  it("changes nothing when it is run once more, but for devices that were away", async () => {
    const { data, exitCode } = await runIotctlJson<ReleaseResult>(["release"], options());
    expect({ exitCode, published: data!.bundle.published }).toEqual({ exitCode: 0, published: "present" });
    expect(data!.rollout).toMatchObject({ rolloutId: "ceiling-fan-2026.11.0", status: "completed" });
    expect((await runIotctlJson<unknown[]>(["rollout", "list"], options())).data).toHaveLength(1);
  });

  it("goes back on request where the phones still fit, and says who stays and why", async () => {
    await runIotctlJson(["rollout", "rollback", "--reason", "noisy motors"], options());
    const { data, exitCode } = await runIotctlJson<RolloutView>(["rollout", "watch"], options());
    expect({ exitCode, status: data!.status }).toEqual({ exitCode: 5, status: "rolled-back" });
    const { devices, failed, waiting } = data!;
    const stay = [...waiting, ...failed];
    const staying = stay.flatMap((group) => group.devices);
    expect(devices.returned).toBeGreaterThan(0);
    expect(devices.returned + staying.length).toBeGreaterThanOrEqual(devices.updated);
    for (const { reason } of stay) expect(reason).toMatch(/4\.2\.0 .*does not fit/);
  });

  it("does not roll out once more what was rolled back, unless told to", async () => {
    const { error, exitCode } = await runIotctlJson(["release"], options());
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 3, code: "IOT_RELEASE_STOPPED_BEFORE" });
  });

  it("lists the rollout and reads its history like a log", async () => {
    expect((await runIotctl(["rollout", "list"], options())).stdout).toContain("ceiling-fan-2026.11.0");
    const { stdout } = await runIotctl(["rollout", "history"], options());
    expect(stdout).toMatch(/developer approved stage fleet/);
    expect(stdout).toMatch(/paused \(lunch\)/);
  });
});
