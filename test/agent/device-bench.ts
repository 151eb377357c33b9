import { onTestFinished } from "vitest";
import { Agent, type AgentPorts } from "../../src/agent/agent.ts";
import type { UpdaterLimits } from "../../src/agent/updater.ts";
import { installFactoryImage } from "../../src/agent/factory-image.ts";
import { closeConnections, HttpDdiClient, openConnections } from "../../src/agent/http-ddi-client.ts";
import { MemorySlotStorage } from "../../src/agent/memory-slot-storage.ts";
import { MemoryStateStorage } from "../../src/agent/memory-state-storage.ts";
import { SeenApps } from "../../src/agent/seen-apps.ts";
import { verifyRelease } from "../../src/bundle/verify-release.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import { VirtualPayloadRunner } from "../../src/simulation/virtual-payload-runner.ts";
import { VirtualPrograms } from "../../src/simulation/virtual-programs.ts";
import { DdiServer, type OfferedImage } from "../support/ddi-server.ts";
import { fanImage, fanResolved, fanSigner, signRelease } from "../support/fan-images.ts";
import { HastyClock } from "../support/hasty-clock.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** What survives a reboot of the device. */
export interface Flash {
  readonly state: MemoryStateStorage;
  readonly slots: MemorySlotStorage;
  readonly apps: MemoryStateStorage;
}

/** One fan-a1 on 1.9.4 with its server, signer and clock. */
export interface DeviceBench {
  readonly server: DdiServer;
  readonly signer: KeySigner;
  readonly flash: Flash;
  readonly clock: HastyClock;
  readonly log: string[];
  readonly apps: SeenApps;
  /** A device that boots from the flash. */
  readonly boot: (ports?: Partial<AgentPorts>, limits?: Partial<UpdaterLimits>) => Agent;
  /** A signed 2.0.0, ready to be offered. */
  readonly release: (options?: {
    readonly faulty?: boolean;
    readonly signer?: KeySigner;
  }) => Promise<OfferedImage>;
}

export async function deviceBench(signer: KeySigner = fanSigner(temporaryDirectory())): Promise<DeviceBench> {
  const server = await DdiServer.start();
  const flash = {
    state: new MemoryStateStorage(),
    slots: new MemorySlotStorage(),
    apps: new MemoryStateStorage(),
  };
  installFactoryImage(flash.state, flash.slots, { image: fanImage("fan-a1", "1.9.4"), version: "1.9.4" });
  const clock = new HastyClock();
  const log: string[] = [];
  const programs = new VirtualPrograms();
  const connections = openConnections(1);
  onTestFinished(() => closeConnections(connections));
  const apps = new SeenApps({ storage: flash.apps, clock, windowMs: 86_400_000 });
  return {
    server,
    signer,
    flash,
    clock,
    log,
    apps,
    boot: (ports = {}, limits = {}) =>
      new Agent(
        { hardware: "fan-a1", limits },
        {
          ddi: new HttpDdiClient({
            serverUrl: server.url,
            deviceId: server.deviceId,
            token: server.token,
            connections,
          }),
          state: flash.state,
          slots: flash.slots,
          payload: new VirtualPayloadRunner({ slots: flash.slots, programs, refusesNew: false }),
          apps,
          verifyRelease: (bundleJson) => verifyRelease(bundleJson, [signer.trustedKey]),
          clock,
          log: (message) => void log.push(message),
          ...ports,
        },
      ),
    release: async ({ faulty = false, signer: other = signer } = {}) => ({
      component: "fan",
      version: "2.0.0",
      image: fanImage("fan-a1", faulty ? "faulty" : "2.0.0"),
      attestation: await signRelease(fanResolved({ faulty }), other),
    }),
  };
}
