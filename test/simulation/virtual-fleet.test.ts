// Virtual devices on the agent's core against the real fleet server, over real HTTP.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { VisitsResponse } from "../../src/agent/app-link.ts";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Assignment, DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import {
  startVirtualFleet,
  type VirtualFleet,
  type VirtualFleetOptions,
} from "../../src/simulation/virtual-fleet.ts";
import {
  digestOf,
  fanHardware,
  fanImage,
  fanResolved,
  fanSigner,
  signRelease,
} from "../support/fan-images.ts";
import { artifactOf, type StartedFleet, startedFleet } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

type Started = StartedFleet & {
  readonly options: VirtualFleetOptions;
  readonly start: (more?: Partial<VirtualFleetOptions>) => Promise<VirtualFleet>;
  /** Assigns a version to every device and waits for every end. */
  readonly roll: (version: "1.9.4" | "2.0.0", rollback?: boolean) => Promise<readonly DeviceOutcome[]>;
  /** Stages a version on every device and waits for every end. */
  readonly stage: (version: "2.0.0") => Promise<readonly DeviceOutcome[]>;
};

async function fleetOf(count: number): Promise<Started> {
  const started = await startedFleet({ pollIntervalMs: 1000 });
  const { fleet, server } = started;
  const ids = Array.from({ length: count }, (_, index) => `fan-${String(index).padStart(3, "0")}`);
  const hardwareOf = (index: number) => fanHardware[index % 2] ?? "fan-a1";
  const registered = await fleet.registerDevices(
    ids.map((id, index) => ({ id, hardware: hardwareOf(index) })),
  );
  const signer = fanSigner(temporaryDirectory());
  const attestation = await signRelease(fanResolved(), signer);
  const deliver = async (version: "1.9.4" | "2.0.0", verb: "assign" | "stage", rollback: boolean) => {
    const images = fanHardware.map((hardware) => ({ hardware, image: fanImage(hardware, version) }));
    for (const { image } of images) await fleet.ensureArtifact(artifactOf(image));
    await fleet.ensureAttestation({ digest: digestOf(attestation), bytes: attestation });
    const assignment: Assignment = {
      id: verb === "stage" ? `stage-${version}` : `to-${version}`,
      component: "fan",
      version,
      variants: Object.fromEntries(
        images.map(({ hardware, image }) => [
          hardware,
          { digest: digestOf(image), sizeBytes: image.length, filename: `${hardware}.bin` },
        ]),
      ),
      attestationDigest: digestOf(attestation),
      rollback,
    };
    expect((await fleet[verb](assignment, ids)).refused).toEqual([]);
    for (let waited = 0; ; waited++) {
      const { outcomes } = await fleet.observe(assignment.id, { limit: 1000 });
      if (outcomes.every(({ closedAtMs }) => closedAtMs !== null)) return outcomes;
      if (waited > 200) throw new Error(`some devices never ended: ${JSON.stringify(outcomes[0])}`);
      await delay(100);
    }
  };
  const options: VirtualFleetOptions = {
    serverUrl: server.url,
    devices: registered.map(({ id, token }, index) => {
      const hardware = hardwareOf(index);
      return { id, token, hardware, version: "1.9.4", image: fanImage(hardware, "1.9.4") };
    }),
    trustedKeys: [signer.trustedKey],
    clock: systemClock,
    random: seededRandom(5),
    component: "fan",
    pollIntervalMs: 50,
    log: () => {},
  };
  return {
    ...started,
    options,
    async start(more = {}) {
      const virtual = await startVirtualFleet({ ...options, ...more });
      onTestFinished(() => virtual.stop());
      return virtual;
    },
    roll: (version, rollback = false) => deliver(version, "assign", rollback),
    stage: (version) => deliver(version, "stage", false),
  };
}

describe("a virtual fleet", () => {
  test(
    "installs what it is sent, each device in its way, and tells the truth",
    { timeout: 60_000 },
    async () => {
      const { start, roll, fleet } = await fleetOf(60);
      const virtual = await start({
        personalities: { offlinePercent: 15, slowPercent: 15, failingPercent: 20 },
      });
      const outcomes = await roll("2.0.0");
      const personality = new Map(virtual.snapshot().map((device) => [device.id, device.personality]));
      expect(new Set(personality.values())).toEqual(new Set(["steady", "offline", "slow", "failing"]));
      const { devices } = await fleet.listDevices({ limit: 1000 });
      const reported = new Map(devices.map((device) => [device.id, device]));
      for (const { deviceId, state, message } of outcomes) {
        const fails = personality.get(deviceId) === "failing";
        expect({ deviceId, state }).toEqual({ deviceId, state: fails ? "failed" : "succeeded" });
        if (fails) expect(message).toContain("the flash of this device fails");
        expect(reported.get(deviceId)?.reportedVersion).toBe(fails ? "1.9.4" : "2.0.0");
      }
      for (const { id, version, state } of virtual.snapshot()) {
        expect({ id, version, state }).toEqual({
          id,
          version: reported.get(id)?.reportedVersion,
          state: "idle",
        });
      }
    },
  );

  test("goes back when it is told to", async () => {
    const { start, roll } = await fleetOf(4);
    const virtual = await start();
    await roll("2.0.0");
    const outcomes = await roll("1.9.4", true);
    expect(outcomes.map(({ state }) => state)).toEqual(Array(4).fill("succeeded"));
    expect(virtual.snapshot().map(({ version }) => version)).toEqual(Array(4).fill("1.9.4"));
  });

  test("runs images that are no programs as black boxes", async () => {
    const { start, roll, options } = await fleetOf(2);
    const devices = options.devices.map(({ id, token, hardware, version }) => ({
      id,
      token,
      hardware,
      version,
    }));
    const virtual = await start({ devices });
    expect(virtual.snapshot().map(({ version }) => version)).toEqual(["1.9.4", "1.9.4"]);
    await roll("2.0.0");
    // The real image of the version that the black box had counts as the way back.
    const outcomes = await roll("1.9.4", true);
    expect(outcomes.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  });

  test("answers phones for all its devices, and holds updates back for them", async () => {
    const { start, fleet, roll } = await fleetOf(2);
    const virtual = await start({ linkPort: 0 });
    const visit = (device: string, version: string) => ({
      device,
      phone: "phone-1",
      component: "app-ios",
      version,
    });
    const answers = await visits(virtual, [visit("fan-000", "4.0.0"), visit("fan-999", "4.0.0")]);
    expect(answers).toEqual([
      { device: "fan-000", hardware: "fan-a1", component: "fan", version: "1.9.4", answering: true },
      { device: "fan-999", hardware: "", component: "", version: "", answering: false },
    ]);
    const rolled = roll("2.0.0");
    for (let waited = 0; waited < 100; waited++) {
      const { outcomes } = await fleet.observe("to-2.0.0", { limit: 10 }).catch(() => ({ outcomes: [] }));
      if (outcomes[0]?.message.startsWith("waiting: app-ios@4.0.0") && outcomes[1]?.state === "succeeded")
        break;
      await delay(50);
    }
    const { devices } = await fleet.listDevices({ limit: 10 });
    expect(devices[0]).toMatchObject({
      reportedVersion: "1.9.4",
      pairedApps: [{ component: "app-ios", version: "4.0.0" }],
    });
    await visits(virtual, [visit("fan-000", "4.2.0")]);
    expect((await rolled).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  });

  test("goes on where it was when it is kept in a directory, for one process at a time", async () => {
    const { start, roll } = await fleetOf(6);
    const dir = temporaryDirectory();
    const first = await start({ dir, personalities: { failingPercent: 30 } });
    const error = await thrownBy(() => start({ dir }));
    expect(error).toMatchObject({ code: "IOT_AGENT_DIR_IN_USE", exit: 6 });
    await roll("2.0.0");
    const before = first.snapshot();
    await first.stop();
    // Two old and two new images, each once.
    expect(readdirSync(join(dir, "images"))).toHaveLength(4);
    const second = await start({ dir });
    expect(second.snapshot()).toEqual(before);
  });
});

describe("a virtual fleet with a staged update", () => {
  test(
    "keeps it, each device in its way, over a restart, and installs it without the server's image",
    { timeout: 60_000 },
    async () => {
      const { start, stage, roll, dir: serverDir } = await fleetOf(40);
      const dir = temporaryDirectory();
      const personalities = { offlinePercent: 15, slowPercent: 15, failingPercent: 20 };
      const first = await start({ dir, personalities });
      const staged = await stage("2.0.0");
      expect(new Set(staged.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
      expect(new Set(staged.map(({ reportedVersion }) => reportedVersion))).toEqual(new Set(["1.9.4"]));
      const held = first.snapshot();
      for (const device of held)
        expect(device).toMatchObject({ version: "1.9.4", state: "idle", staged: "2.0.0" });
      expect(new Set(held.map(({ personality }) => personality)).size).toBe(4);
      await first.stop();
      // Whoever asks for an image from now on gets none.
      for (const hardware of fanHardware) {
        const hex = digestOf(fanImage(hardware, "2.0.0")).slice("sha256:".length);
        rmSync(join(serverDir, "storage", "blobs", hex.slice(0, 2), hex));
      }
      const second = await start({ dir });
      expect(second.snapshot()).toEqual(held);
      const failing = new Set(
        held.filter(({ personality }) => personality === "failing").map(({ id }) => id),
      );
      for (const { deviceId, state, message } of await roll("2.0.0")) {
        const fails = failing.has(deviceId);
        expect({ deviceId, state }).toEqual({ deviceId, state: fails ? "failed" : "succeeded" });
        if (fails) expect(message).toContain("the flash of this device fails");
      }
      for (const { id, version, staged: left } of second.snapshot()) {
        expect({ id, version, left }).toEqual({
          id,
          version: failing.has(id) ? "1.9.4" : "2.0.0",
          left: null,
        });
      }
    },
  );

  test("fetches again what was damaged where it was kept", async () => {
    const { start, stage, roll } = await fleetOf(2);
    const dir = temporaryDirectory();
    const first = await start({ dir });
    await stage("2.0.0");
    await first.stop();
    const path = join(dir, "images", digestOf(fanImage("fan-a1", "2.0.0")).slice("sha256:".length));
    writeFileSync(path, "#!/usr/bin/env node\n");
    const second = await start({ dir });
    expect((await roll("2.0.0")).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    expect(second.snapshot().map(({ version }) => version)).toEqual(["2.0.0", "2.0.0"]);
    await second.stop();
    expect(digestOf(readFileSync(path))).toBe(digestOf(fanImage("fan-a1", "2.0.0")));
  });
});

async function visits(virtual: VirtualFleet, list: readonly unknown[]): Promise<VisitsResponse["answers"]> {
  const response = await fetch(`${virtual.linkUrl}/visits`, {
    method: "POST",
    body: JSON.stringify({ visits: list }),
  });
  return ((await response.json()) as VisitsResponse).answers;
}
