import { hash } from "node:crypto";
import { abortableClock } from "../agent/abortable-clock.ts";
import { openAppLink } from "../agent/app-link.ts";
import { closeConnections, HttpDdiClient, openConnections } from "../agent/http-ddi-client.ts";
import { lockStateDirectory } from "../agent/state-directory-lock.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type VerifiedRelease, verifyRelease } from "../bundle/verify-release.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import { FleetFile } from "./fleet-file.ts";
import { ImagePool } from "./image-pool.ts";
import { TurnLimit } from "./turn-limit.ts";
import { type Personality, VirtualDevice, type VirtualDeviceStatus } from "./virtual-device.ts";
import { VirtualPrograms } from "./virtual-programs.ts";

export interface VirtualFleetOptions {
  readonly serverUrl: string;
  readonly devices: readonly VirtualDeviceSpec[];
  readonly trustedKeys: readonly TrustedKey[];
  readonly clock: Clock;
  readonly random: Random;
  /** Shares of the devices, 0 to 100; the rest is steady. A device has one personality. */
  readonly personalities?: {
    readonly offlinePercent?: number;
    readonly slowPercent?: number;
    readonly failingPercent?: number;
  };
  /** Name of the firmware component, which phones are told before the first update. */
  readonly component?: string;
  /** Absent: what the server says. */
  readonly pollIntervalMs?: number;
  /** Where phones reach all the devices, on loopback; 0: any free port; absent: nowhere. */
  readonly linkPort?: number;
  readonly seenAppsWindowMs?: number;
  /** Where the devices are kept over a restart; absent: nowhere. */
  readonly dir?: string;
  readonly log: (message: string) => void;
}

export interface VirtualDeviceSpec {
  readonly id: string;
  readonly token: string;
  readonly hardware: string;
  /** What it leaves the factory with; without an image it is a black box of that version. */
  readonly version: string;
  readonly image?: Uint8Array;
}

export interface VirtualFleet {
  /** Null without a link. */
  readonly linkUrl: string | null;
  snapshot(): readonly VirtualDeviceStatus[];
  stop(): Promise<void>;
}

const turnsAtOnce = 32;
const saveEveryMs = 2000;
const firstPollWithinMs = 1000;
const maxVerifiedReleases = 16;
const slowFactor = 5;
/** How long a device stays away, and then stays, in polls. */
const awayPolls = 8;
const presentPolls = 12;
const defaultSeenAppsWindowMs = 30 * 86_400_000;

/**
 * Devices on the agent's own core, over real HTTP, in one process. They answer phones while they are
 * away from the server. Throws IOT_AGENT_DIR_IN_USE or IOT_PORT_IN_USE before it begins.
 */
export async function startVirtualFleet(options: VirtualFleetOptions): Promise<VirtualFleet> {
  const { dir, clock, random, log } = options;
  const lock = dir === undefined ? null : lockStateDirectory(dir);
  const stopped = new AbortController();
  // One for each device: who listens to a signal has to walk past all who do.
  const stopSignal = (): AbortSignal => AbortSignal.any([stopped.signal]);
  const connections = openConnections(turnsAtOnce);
  let link: Awaited<ReturnType<typeof openAppLink>> | null = null;
  try {
    const pool = new ImagePool();
    const file = dir === undefined ? null : new FleetFile(dir, pool);
    const kept = file?.load();
    const programs = new VirtualPrograms();
    const verify = rememberingVerifier(options.trustedKeys);
    let changed = true;
    const devices = options.devices.map((spec) => {
      const keptDevice = kept?.get(spec.id);
      const signal = stopSignal();
      return new VirtualDevice({
        ...spec,
        ...(options.component !== undefined && { component: options.component }),
        factory: { version: spec.version, image: spec.image ?? blackBox(spec) },
        personality: drawPersonality(random, options.personalities ?? {}),
        ...(keptDevice && { kept: keptDevice }),
        seenAppsWindowMs: options.seenAppsWindowMs ?? defaultSeenAppsWindowMs,
        pool,
        programs,
        ports: {
          ddi: new HttpDdiClient({
            ...spec,
            serverUrl: options.serverUrl,
            deviceId: spec.id,
            connections,
            signal,
          }),
          verifyRelease: verify,
          clock: abortableClock(clock, signal),
          // Requests that the end of the fleet cuts off are nobody's trouble.
          log: (message) => {
            if (!stopped.signal.aborted) log(`${spec.id}: ${message}`);
          },
        },
        onChange: () => {
          changed = true;
        },
      });
    });
    const byId = new Map(devices.map((device) => [device.id, device]));
    for (const device of devices) await device.agent.start();
    if (options.linkPort !== undefined) {
      link = await openAppLink({
        port: options.linkPort,
        log,
        receive: (visit) =>
          byId.get(visit.device)?.visit(visit) ??
          Promise.resolve({
            device: visit.device,
            component: "",
            version: "",
            hardware: "",
            answering: false,
          }),
      });
    }

    const save = (): void => {
      if (changed) file?.save(devices.map((device) => [device.id, device.keep()]));
      changed = false;
    };
    const limit = new TurnLimit(turnsAtOnce);
    const lives = [
      ...devices.map((device) => live(device, options, limit, stopSignal())),
      ...(file ? [keepSaving(save, clock, stopped.signal, log)] : []),
    ];
    return {
      linkUrl: link?.url ?? null,
      snapshot: () => devices.map((device) => device.status()),
      async stop() {
        if (stopped.signal.aborted) return;
        stopped.abort(new Error("the fleet stops"));
        await link?.close();
        await Promise.all(lives);
        closeConnections(connections);
        save();
        lock?.release();
      },
    };
  } catch (error) {
    await link?.close();
    closeConnections(connections);
    lock?.release();
    throw error;
  }
}

/** A device from its first poll to the end of the fleet. */
async function live(
  device: VirtualDevice,
  { clock, random, pollIntervalMs, log }: VirtualFleetOptions,
  limit: TurnLimit,
  signal: AbortSignal,
): Promise<void> {
  const rest = (ms: number): Promise<void> => clock.sleep(ms, signal).catch(() => {});
  await rest(random.next() * Math.min(firstPollWithinMs, pollIntervalMs ?? firstPollWithinMs));
  let polls = 0;
  let sleepMs = pollIntervalMs ?? firstPollWithinMs;
  while (!signal.aborted) {
    if (device.personality === "offline" && polls++ % presentPolls === 0) {
      await rest(random.next() * awayPolls * sleepMs);
      continue;
    }
    const turn = await limit.run(() => turnOf(device, signal, log));
    sleepMs = (pollIntervalMs ?? turn.sleepMs) * (device.personality === "slow" ? slowFactor : 1);
    // Jitter, so that devices which woke together do not stay together.
    await rest(sleepMs * (0.9 + 0.2 * random.next()));
  }
}

async function turnOf(
  device: VirtualDevice,
  signal: AbortSignal,
  log: (message: string) => void,
): Promise<{ readonly sleepMs: number }> {
  if (signal.aborted) return { sleepMs: 0 };
  try {
    return await device.agent.turn();
  } catch (error) {
    if (!signal.aborted) log(`${device.id}: the turn failed: ${messageOf(error)}`);
    return { sleepMs: firstPollWithinMs };
  }
}

async function keepSaving(
  save: () => void,
  clock: Clock,
  signal: AbortSignal,
  log: (message: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(saveEveryMs, signal).catch(() => {});
    try {
      save();
    } catch (error) {
      log(`the devices cannot be kept: ${messageOf(error)}`);
    }
  }
}

function drawPersonality(
  random: Random,
  {
    offlinePercent = 0,
    slowPercent = 0,
    failingPercent = 0,
  }: NonNullable<VirtualFleetOptions["personalities"]>,
): Personality {
  const draw = random.next() * 100;
  if (draw < offlinePercent) return "offline";
  if (draw < offlinePercent + slowPercent) return "slow";
  return draw < offlinePercent + slowPercent + failingPercent ? "failing" : "steady";
}

/** Verifies each release once, however many devices ask about it. Refusals are not remembered. */
function rememberingVerifier(
  trustedKeys: readonly TrustedKey[],
): (bundleJson: Uint8Array) => VerifiedRelease {
  const verified = new Map<string, VerifiedRelease>();
  return (bundleJson) => {
    const digest = hash("sha256", bundleJson, "hex");
    const known = verified.get(digest);
    if (known) return known;
    const [oldest] = verified.keys();
    if (verified.size >= maxVerifiedReleases && oldest !== undefined) verified.delete(oldest);
    const release = verifyRelease(bundleJson, trustedKeys);
    verified.set(digest, release);
    return release;
  };
}

function blackBox({ hardware, version }: VirtualDeviceSpec): Uint8Array {
  return Buffer.from(`black box ${hardware} ${version}\n`);
}
