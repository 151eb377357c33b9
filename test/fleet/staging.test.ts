// A real agent in a process of its own and the real fleet server.
import { type ChildProcess, spawn } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { OrphanGuard } from "../../src/agent/orphan-guard.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Assignment } from "../../src/fleet/fleet-backend.ts";
import type { AgentProcessOptions } from "../support/agent-process.ts";
import { digestOf, fanImage, fanResolved, fanSigner, signRelease } from "../support/fan-images.ts";
import { freePort } from "../support/free-port.ts";
import { repositoryRoot } from "../support/repository.ts";
import { artifactOf, startedFleet } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test(
  "an image staged before the agent was killed is installed without a second download",
  { timeout: 60_000 },
  async () => {
    const { fleet, addDevice, server, dir: serverDir } = await startedFleet({ pollIntervalMs: 1000 });
    const dir = temporaryDirectory();
    const signer = fanSigner(dir);
    const factoryImage = join(dir, "factory.bin");
    writeFileSync(factoryImage, fanImage("fan-a1", "1.9.4"));
    const { id: deviceId, token } = await addDevice("d1");
    const options: AgentProcessOptions = {
      serverUrl: server.url,
      deviceId,
      token,
      dir: join(dir, "device"),
      keyFile: join(dir, "key.pub.pem"),
      payloadPort: await freePort(),
      factoryImage,
    };
    onTestFinished(() => new OrphanGuard(join(options.dir, "payload.json"), systemClock).end());

    const image = fanImage("fan-a1", "2.0.0");
    const attestation = await signRelease(fanResolved(), signer);
    await fleet.ensureArtifact(artifactOf(image));
    await fleet.ensureAttestation({ digest: digestOf(attestation), bytes: attestation });
    const assignment: Assignment = {
      id: "stage",
      component: "fan",
      version: "2.0.0",
      variants: { "fan-a1": { digest: digestOf(image), sizeBytes: image.length, filename: "fan.bin" } },
      attestationDigest: digestOf(attestation),
      rollback: false,
    };
    const ended = async (id: string) => {
      for (let waited = 0; waited < 200; waited++) {
        const [outcome] = (await fleet.observe(id, { limit: 1 })).outcomes;
        if (outcome?.closedAtMs) return outcome;
        await delay(100);
      }
      throw new Error(`${id} did not end`);
    };

    const first = startAgent(options);
    await fleet.stage(assignment, [deviceId]);
    expect(await ended("stage")).toMatchObject({ state: "succeeded", reportedVersion: "1.9.4" });
    first.kill("SIGKILL");
    await new Promise((resolve) => first.once("exit", resolve));

    const hex = digestOf(image).slice("sha256:".length);
    const blob = join(serverDir, "storage", "blobs", hex.slice(0, 2), hex);
    renameSync(blob, `${blob}.away`);
    startAgent(options);
    const { lastContactAtMs: before } = await fleet.getDevice(deviceId);
    for (let waited = 0; waited < 100; waited++) {
      if (((await fleet.getDevice(deviceId)).lastContactAtMs ?? 0) > (before ?? 0)) break;
      await delay(100);
    }
    expect(await fleet.getDevice(deviceId)).toMatchObject({ reportedVersion: "1.9.4" });

    await fleet.assign({ ...assignment, id: "activate" }, [deviceId]);
    expect(await ended("activate")).toMatchObject({ state: "succeeded", message: "runs 2.0.0" });
    expect(await fleet.getDevice(deviceId)).toMatchObject({ reportedVersion: "2.0.0" });
  },
);

function startAgent(options: AgentProcessOptions): ChildProcess {
  const script = join(repositoryRoot, "test/support/agent-process.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
