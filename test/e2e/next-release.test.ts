// Two releases in a row: what the second has to know of the first, it knows from the storage alone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { CanIAnswer } from "../../src/cli/answer-can-i.ts";
import { openContext } from "../../src/cli/context.ts";
import type { ReleaseResult } from "../../src/cli/release/run-release.ts";
import type { Plan } from "../../src/planner/plan.ts";
import { startVirtualFleet, type VirtualFleet } from "../../src/simulation/virtual-fleet.ts";
import { type CeilingFanWorld, startCeilingFanWorld } from "../support/ceiling-fan-world.ts";
import { runIotctl, runIotctlJson } from "../support/run-iotctl.ts";

const quickRollout = `rollout:
  stages:
    - { name: all, devices: 100%, apps: 100%, bake: 1s, gates: [updated] }
gates:
  updated: { measure: update-failure, limit: 45%, alpha: 0.05, deadline: 60s }
retire: { below: 0.5%, unseen: 30d }
pairing: observed
on-failure: hold
`;

let fan: CeilingFanWorld;
let attic: VirtualFleet | null = null;
beforeAll(async () => {
  fan = await startCeilingFanWorld(10);
  const first = readFileSync(join(fan.dir, "release.yaml"), "utf8");
  writeFileSync(join(fan.dir, "release.yaml"), `${first.split("rollout:")[0]}${quickRollout}`);
  writeFileSync(join(fan.dir, "next.yaml"), `${nextRelease(first)}${quickRollout}`);
}, 60_000);
afterAll(async () => {
  await attic?.stop();
  await fan.stop();
});

/**
 * Higher versions of everything but the cloud, and not a word about what was before: which apps the
 * fan fits, only the apps say, and those in the field said it in the release before.
 */
function nextRelease(first: string): string {
  for (const model of ["fan-a1", "fan-b2"]) {
    const image = join(fan.dir, "firmware", "images", `${model}-2.0.0.bin`);
    writeFileSync(image.replace("2.0.0", "2.1.0"), readFileSync(image, "utf8").replaceAll("2.0.0", "2.1.0"));
  }
  return first
    .split("# Versions in the field")[0]!
    .replace("version: 2026.11.0", "version: 2026.12.0")
    .replaceAll("version: 4.2.0", "version: 4.3.0")
    .replaceAll("2.0.0", "2.1.0")
    .replace('">=1.8.0 <2.1.0"', '">=2.0.0 <2.1.0"')
    .replace('requires: { app-ios: ">=4.1.0", app-android: ">=4.1.0", cloud', "requires: { cloud")
    .replaceAll('requires: { fan: ">=1.9.0 <3.0.0" }', 'requires: { fan: ">=2.0.0 <3.0.0" }');
}

/** A device that comes back from the attic with firmware that the next release does not install over. */
async function bringFromTheAttic(): Promise<void> {
  const context = await openContext({ envName: "local", cwd: fan.dir, env: {} });
  const fleet = await context.fleet();
  const device = { id: "fan-attic", hardware: "fan-a1", version: "1.8.0", labels: {} };
  const [registered] = await fleet.registerDevices([device]);
  const image = readFileSync(join(fan.dir, "firmware", "images", "fan-a1-1.8.0.bin"));
  attic = await startVirtualFleet({
    serverUrl: context.fleetUrl(),
    devices: [{ ...device, token: registered?.token ?? "", image }],
    trustedKeys: await context.trustedKeys(),
    clock: systemClock,
    random: seededRandom(2),
    personalities: { offlinePercent: 0, slowPercent: 0 },
    component: "fan",
    linkPort: 0,
    dir: join(fan.dir, ".iotctl", "attic"),
    log: () => {},
  });
  await expect
    .poll(async () => (await fleet.getDevice(device.id)).reportedVersion, { timeout: 20_000 })
    .toBe("1.8.0");
}

/** Phones update all the time: a plan may be stale before it is carried out, and is then made again. */
async function planAndRelease() {
  for (let tries = 1; ; tries++) {
    await runIotctl(["plan", "next.yaml", "-o", "plan.json"], options());
    const released = await runIotctlJson<ReleaseResult>(
      ["release", "next.yaml", "--plan", "plan.json"],
      options(),
    );
    if (released.error?.code !== "IOT_PLAN_STALE" || tries === 5) return released;
  }
}

const options = () => ({ cwd: fan.dir, timeoutMs: 100_000 });

describe("a release after a release", { timeout: 120_000 }, () => {
  it("follows the first, which ends", async () => {
    const { data, exitCode } = await runIotctlJson<ReleaseResult>(["release"], options());
    expect({ exitCode, status: data?.rollout?.status }).toEqual({ exitCode: 0, status: "completed" });
  });

  it("plans with the pins of the first, through a version that only the storage has", async () => {
    await bringFromTheAttic();
    const { data, exitCode } = await runIotctlJson<Plan>(["plan", "next.yaml", "-o", "plan.json"], options());
    expect({ exitCode, feasible: data?.feasible }).toEqual({ exitCode: 0, feasible: true });
    expect(data?.field["fan"]).toEqual(expect.arrayContaining(["1.8.0", "2.0.0"]));
    const introduced = data!.steps.filter(({ action }) => action === "introduce");
    const firmware = introduced.filter(({ component }) => component === "fan");
    expect(firmware.map(({ version }) => version)).toEqual(["2.0.0", "2.1.0"]);

    const ask = (...pair: string[]) =>
      runIotctlJson<CanIAnswer>(["can-i", ...pair, "--file", "next.yaml"], options());
    expect((await ask("fan@2.0.0", "app-ios@4.0.0")).data).toMatchObject({
      verdict: "incompatible",
      matrix: [{ evidence: expect.stringContaining("fan@2.0.0 requires app-ios >=4.1.0") }],
    });
  });

  it("refuses the plan when another device has come, and says which version", async () => {
    const saved = JSON.parse(readFileSync(join(fan.dir, "plan.json"), "utf8"));
    saved.field.fan = saved.field.fan.filter((version: string) => version !== "1.8.0");
    delete saved.basis.hardware.fan["1.8.0"];
    writeFileSync(join(fan.dir, "old-plan.json"), JSON.stringify(saved));
    const { error, exitCode } = await runIotctlJson(
      ["release", "next.yaml", "--plan", "old-plan.json"],
      options(),
    );
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 6, code: "IOT_PLAN_STALE" });
    expect(error?.message).toContain("fan 1.8.0 is in the field, and was not.");
    expect((await runIotctlJson<unknown[]>(["rollout", "list"], options())).data).toHaveLength(1);
  });

  it("carries out what was planned: nobody skips the version between", async () => {
    const { data, error, exitCode } = await planAndRelease();
    expect({ exitCode, error, status: data?.rollout?.status }).toEqual({
      exitCode: 0,
      error: null,
      status: "completed",
    });
    const context = await openContext({ envName: "local", cwd: fan.dir, env: {} });
    const fleet = await context.fleet();
    expect((await fleet.getDevice("fan-attic")).reportedVersion).toBe("2.1.0");
    const history = await fleet.history("fan-attic");
    expect(JSON.stringify(history)).toContain("2.0.0");
  });

  it("takes the same plan again for a rollout that it began, and no other", async () => {
    const again = await runIotctlJson<ReleaseResult>(
      ["release", "next.yaml", "--plan", "plan.json"],
      options(),
    );
    expect(again.exitCode).toBe(0);
    expect(again.data?.rollout?.rolloutId).toBe("ceiling-fan-2026.12.0");
    const other = await runIotctlJson(["release", "next.yaml", "--plan", "old-plan.json"], options());
    expect(other.error?.code).toBe("IOT_PLAN_STALE");
  });
});
