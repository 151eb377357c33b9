// An app and a firmware that refuse each other's old versions, released together: the image lies ready
// everywhere before the app is shown, and each device runs it when its phone has the app.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openContext } from "../../src/cli/context.ts";
import type { ReleaseResult } from "../../src/cli/release/run-release.ts";
import type { Plan } from "../../src/planner/plan.ts";
import { readRollout } from "../../src/rollout/advance.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { RolloutView } from "../../src/rollout/engine/describe-rollout.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { judgeMeetings } from "../../src/simulation/judge-meetings.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";
import { RehearsedFleet } from "../support/rehearsed-fleet.ts";
import { repositoryRoot } from "../support/repository.ts";

const manifest = join(repositoryRoot, "examples/lockstep/release.yaml");
const deviceCount = 30;

const fleet = new RehearsedFleet(80_000);

beforeAll(async () => {
  await fleet.start({
    count: deviceCount,
    version: "1.3.0",
    options: "--hardware lamp-a,lamp-b --component lamp --app app@1.4.0 --poll-interval 500ms",
  });
}, 60_000);
afterAll(() => fleet.stop());

describe("releasing the lamp", { timeout: 90_000 }, () => {
  it("plans to lay the image ready before the app, and to run it where the app has come", async () => {
    const { data, exitCode } = await fleet.type<Plan>("plan", manifest);
    const steps = data!.steps.map(({ action, component, guard, staged, version }) => {
      const only = guard === null ? "" : ` with ${JSON.stringify(guard)}`;
      return `${staged ? "stage" : action} ${component} ${version}${only}`;
    });
    expect({ exitCode, steps }).toEqual({
      exitCode: 0,
      steps: [
        "stage lamp 2.0.0",
        "introduce app 2.0.0",
        'introduce lamp 2.0.0 with {"app":">=2.0.0"}',
        "retire lamp 1.3.0",
        "retire app 1.4.0",
      ],
    });
  });

  it("ends completed, with every lamp and every phone on the new version", async () => {
    const { data, error, exitCode } = await fleet.type<ReleaseResult>(
      "release",
      manifest,
      "--interval",
      "500ms",
    );
    expect({ exitCode, error, status: data?.rollout?.status }).toEqual({
      exitCode: 0,
      error: null,
      status: "completed",
    });
    expect(data!.rollout!.devices.failed).toBe(0);
    // Whose phone took the app last joins after the end, as a device that was away would.
    const allUpdated = async () =>
      (await fleet.type<RolloutView>("rollout", "advance")).data!.devices.updated === deviceCount;
    await vi.waitUntil(allUpdated, { timeout: 20_000, interval: 500 });
    expect(await fleet.reportedVersions()).toEqual({ "2.0.0": deviceCount });
  });

  it("showed the app to nobody before the image lay on every lamp", async () => {
    const { data: records } = await fleet.type<JournalRecord[]>("rollout", "history");
    const exposed = records!.findIndex(({ effects }) =>
      effects.some((key) => key.startsWith("expose:app@2.0.0")),
    );
    expect(exposed).toBeGreaterThan(0);
    const counted = records!
      .slice(0, exposed + 1)
      .flatMap(({ event }) => (event.type === "observed" && event.population ? [event.population] : []))
      .at(-1);
    expect(counted).toMatchObject({
      versions: { app: { "1.4.0": deviceCount }, lamp: { "1.3.0": deviceCount } },
      staging: { "lamp@2.0.0 staged": { devices: deviceCount, without: 0 } },
    });
  });

  it("let no phone meet a lamp that it does not fit, but to update it", async () => {
    const context = await openContext({ envName: "local", cwd: fleet.cwd, env: {} });
    const { config } = await readRollout((await context.journals()).open("lamp-2026.11.0"));
    const { meetings, visits } = await new Rehearsal({ url: context.storefrontUrl() }).meetings();
    expect(visits.met).toBeGreaterThan(1000);
    const { bridged, incompatible } = judgeMeetings(meetings, relationOf(config));
    expect({ incompatible, seen: bridged > 0 }).toEqual({ incompatible: 0, seen: true });
  });

  it("moves nothing when it is released once more", async () => {
    const { data, exitCode } = await fleet.type<ReleaseResult>("release", manifest);
    expect({ exitCode, published: data!.bundle.published }).toEqual({ exitCode: 0, published: "present" });
  });
});
