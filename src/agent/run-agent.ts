import { join } from "node:path";
import { readBoundedFile } from "../base/bounded-file.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { verifyRelease } from "../bundle/verify-release.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import { abortableClock } from "./abortable-clock.ts";
import { Agent } from "./agent.ts";
import { openAppLink } from "./app-link.ts";
import { DiskSlotStorage } from "./disk-slot-storage.ts";
import { DiskStateStorage } from "./disk-state-storage.ts";
import { installFactoryImage } from "./factory-image.ts";
import { closeConnections, HttpDdiClient, openConnections } from "./http-ddi-client.ts";
import { ProcessPayloadRunner } from "./process-payload-runner.ts";
import { SeenApps } from "./seen-apps.ts";
import { lockStateDirectory } from "./state-directory-lock.ts";
import type { UpdaterLimits } from "./updater.ts";

export interface RunAgentOptions {
  readonly serverUrl: string;
  readonly deviceId: string;
  /** The device's target token. */
  readonly token: string;
  readonly hardware: string;
  /** Everything the device keeps. */
  readonly dir: string;
  /** Whose signatures on releases the device believes. */
  readonly trustedKeys: readonly TrustedKey[];
  /** Where the payload is to answer, on loopback. */
  readonly payloadPort: number;
  /** Where phones talk to the device, on loopback; absent: nowhere. */
  readonly linkPort?: number;
  /** What a new device runs before its first update. */
  readonly factory?: { readonly imageFile: string; readonly version: string };
  /** Name of the firmware component, until the first update tells it. */
  readonly component?: string;
  /** How long a phone that stays away still counts. */
  readonly seenAppsWindowMs?: number;
  readonly limits?: Partial<UpdaterLimits>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (message: string) => void;
  /** Ends the agent and its payload. */
  readonly signal: AbortSignal;
}

const maxFactoryImageBytes = 1024 ** 3;
const defaultSeenAppsWindowMs = 30 * 86_400_000;
const storageRetryMs = 10_000;

/**
 * Runs a device until the signal is aborted. Throws IOT_AGENT_DIR_IN_USE, IOT_PORT_IN_USE or
 * IOT_FILE_UNREADABLE before it begins; later nothing ends it, since the firmware must go on running.
 */
export async function runAgent(options: RunAgentOptions): Promise<void> {
  const { dir, clock, random, signal, log } = options;
  const lock = lockStateDirectory(dir);
  const connections = openConnections(4);
  const payload = new ProcessPayloadRunner({ dir, port: options.payloadPort, clock });
  let link: { close(): Promise<void> } | null = null;
  try {
    const state = new DiskStateStorage(join(dir, "state.json"));
    const slots = new DiskSlotStorage(dir);
    if (options.factory && state.read() === null) {
      const { imageFile, version } = options.factory;
      const image = readBoundedFile(imageFile, maxFactoryImageBytes, "the factory image");
      installFactoryImage(state, slots, { image, version, ...pick(options, "component") });
    }
    const apps = new SeenApps({
      storage: new DiskStateStorage(join(dir, "apps.json")),
      clock,
      windowMs: options.seenAppsWindowMs ?? defaultSeenAppsWindowMs,
    });
    const agent = new Agent(
      { hardware: options.hardware, ...pick(options, "component", "limits") },
      {
        ddi: new HttpDdiClient({ ...options, connections }),
        state,
        slots,
        payload,
        apps,
        verifyRelease: (bundleJson) => verifyRelease(bundleJson, options.trustedKeys),
        clock: abortableClock(clock, signal),
        monotonicNow: () => performance.now(),
        log,
      },
    );
    // Before the firmware is started: a port that is taken is told at once, not after its trial.
    if (options.linkPort !== undefined) {
      link = await openAppLink({
        port: options.linkPort,
        log,
        receive: async (visit) => {
          if (visit.device !== options.deviceId) {
            return { device: visit.device, component: "", version: "", hardware: "", answering: false };
          }
          apps.record(visit);
          return { device: visit.device, hardware: options.hardware, ...(await agent.running()) };
        },
      });
    }
    while (!signal.aborted) {
      const sleepMs = await nextSleep(agent, signal, log);
      // Jitter, so that devices which woke together do not stay together.
      await clock.sleep(sleepMs * (0.9 + 0.2 * random.next()), signal).catch(() => {});
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await link?.close();
    await payload.stop();
    closeConnections(connections);
    lock.release();
  }
}

async function nextSleep(agent: Agent, signal: AbortSignal, log: (message: string) => void): Promise<number> {
  try {
    return (await agent.turn()).sleepMs;
  } catch (error) {
    if (!signal.aborted) log(`the turn failed: ${messageOf(error)}`);
    return storageRetryMs;
  }
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]),
  ) as Pick<T, K>;
}
