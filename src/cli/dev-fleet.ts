import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import type { ComponentVersion } from "../compat/verdict.ts";
import type { VirtualFleet } from "../simulation/virtual-fleet.ts";
import type { Phone } from "../storefronts/local/wire.ts";
import type { Context } from "./context.ts";
import { type DeviceTokens, readTokens, writeTokens } from "./tokens-file.ts";

export interface DevFleetOptions {
  readonly count: number;
  /** Models that devices have in turn. */
  readonly hardware: readonly string[];
  /** What they leave the factory with. */
  readonly version: string;
  /** Name of their firmware component; absent: they learn it with their first update. */
  readonly component?: string;
  /** Apps that their phones run in turn; empty: no phones. */
  readonly apps: readonly ComponentVersion[];
  /** How many get the label ring=canary. */
  readonly canaries: number;
  readonly offlinePercent: number;
  readonly slowPercent: number;
  readonly failingPercent: number;
  /** Absent: what the server says. */
  readonly pollIntervalMs?: number;
  readonly seed: number;
  /** Keeps the devices and their tokens over a restart. */
  readonly dir: string;
  readonly log: (message: string) => void;
}

/**
 * Virtual devices against the environment's fleet server: makes them known where they are not, gives
 * each a phone at the environment's storefront, and lets them live until the fleet is stopped.
 */
export async function startDevFleet(context: Context, options: DevFleetOptions): Promise<VirtualFleet> {
  const { startVirtualFleet } = await import("../simulation/virtual-fleet.ts");
  const { apps, count, dir, hardware, version } = options;
  const ids = Array.from({ length: count }, (_, index) => `dev-${String(index + 1).padStart(4, "0")}`);
  const hardwareOf = (index: number): string => hardware[index % hardware.length] ?? "";
  const newcomers = ids.map((id, index) => ({
    id,
    hardware: hardwareOf(index),
    labels: { ring: index < options.canaries ? "canary" : "fleet" },
  }));
  const tokens = await tokensFor(context, newcomers, join(dir, "tokens.json"));
  const virtual = await startVirtualFleet({
    serverUrl: context.fleetUrl(),
    devices: ids.map((id, index) => ({ id, token: tokens[id] ?? "", hardware: hardwareOf(index), version })),
    trustedKeys: await context.trustedKeys(),
    clock: systemClock,
    random: seededRandom(options.seed),
    personalities: options,
    ...(options.component === undefined ? {} : { component: options.component }),
    ...(options.pollIntervalMs === undefined ? {} : { pollIntervalMs: options.pollIntervalMs }),
    ...(apps.length === 0 ? {} : { linkPort: 0 }),
    dir,
    log: options.log,
  });
  try {
    if (virtual.linkUrl !== null) await seedPhones(context, phonesOf(ids, apps), virtual.linkUrl);
    return virtual;
  } catch (error) {
    await virtual.stop();
    throw error;
  }
}

type Newcomer = {
  readonly id: string;
  readonly hardware: string;
  readonly labels: Readonly<Record<string, string>>;
};

async function tokensFor(
  context: Context,
  devices: readonly Newcomer[],
  file: string,
): Promise<DeviceTokens> {
  const saved = readTokens(file);
  const unknown = devices.filter(({ id }) => saved[id] === undefined);
  if (unknown.length === 0) return saved;
  const registered = await (await context.fleet()).registerDevices(unknown);
  const tokens = { ...saved, ...Object.fromEntries(registered.map(({ id, token }) => [id, token])) };
  writeTokens(file, tokens);
  return tokens;
}

/** One phone for each device, with the apps in turn. */
function phonesOf(deviceIds: readonly string[], apps: readonly ComponentVersion[]): Phone[] {
  return deviceIds.flatMap((device, index) => {
    const app = apps[index % apps.length];
    return app ? [{ id: `phone-of-${device}`, device, ...app }] : [];
  });
}

async function seedPhones(context: Context, phones: readonly Phone[], linkUrl: string): Promise<void> {
  const { Rehearsal } = await import("../storefronts/local/rehearsal.ts");
  const rehearsal = new Rehearsal({ url: context.storefrontUrl() });
  await rehearsal.setPhones(phones);
  await rehearsal.setLinks([{ url: linkUrl, devices: "*" }]);
}
