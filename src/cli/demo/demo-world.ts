import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { publicKeyFileOf } from "../../signing/key-signer.ts";
import { startStorefrontServer } from "../../simulation/storefront-server.ts";
import { startVirtualFleet } from "../../simulation/virtual-fleet.ts";
import { startFleetServer } from "../../server/fleet-server.ts";
import { Rehearsal } from "../../storefronts/local/rehearsal.ts";
import type { MeetingsSummary } from "../../storefronts/local/wire.ts";
import type { Context } from "../context.ts";
import { type DemoAgent, startDemoAgents } from "./demo-agents.ts";
import { type DemoDevice, demoDevices, demoPhones, factoryImage } from "./demo-fleet.ts";

export interface DemoWorld {
  readonly agents: readonly DemoAgent[];
  meetings(): Promise<MeetingsSummary>;
  stop(): Promise<void>;
}

/** A second of the demo is six hours of its users. */
const timeScale = 6 * 3600;
const dayMs = 86_400_000;
const pollIntervalMs = 1000;

/** Two devices are processes of their own, running the real agent. */
const agentDevices: readonly DemoDevice[] = [
  { id: "agent-1", hardware: "fan-a1", version: "1.9.4", labels: { ring: "canary" } },
  { id: "agent-2", hardware: "fan-b2", version: "1.8.0", labels: { ring: "home" } },
];

/** Starts servers, devices, agents and users in `dir`; `stop` ends them all, whatever had been started. */
export async function startDemoWorld(options: {
  readonly dir: string;
  readonly deviceCount: number;
  readonly context: Context;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** The script that is `iotctl`, for the agent processes. */
  readonly entry: string;
}): Promise<DemoWorld> {
  const { clock, context, dir, log } = options;
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of started.splice(0).toReversed()) await close();
  };
  try {
    const { environment } = context;
    const random = seededRandom(1);
    const server = await startFleetServer({ dir: environment.fleet.dir, pollIntervalMs, clock, log });
    started.push(() => server.close());
    const storefront = await startStorefrontServer({
      dir: environment.storefront.dir,
      clock,
      random,
      timeScale,
      adoptionMeanMs: dayMs / 2,
      visitIntervalMs: dayMs / 4,
      eagerPercent: 5,
      reviewDelayMs: 0,
      log,
    });
    started.push(() => storefront.close());

    const fleet = await context.fleet();
    const virtual = demoDevices(options.deviceCount);
    const registered = await fleet.registerDevices([...virtual, ...agentDevices]);
    const tokens = new Map(registered.map(({ id, token }) => [id, token]));
    const tokenOf = (id: string): string => tokens.get(id) ?? "";

    const signer = await context.signer();
    const devices = await startVirtualFleet({
      serverUrl: server.url,
      devices: virtual.map((device) => ({
        ...device,
        token: tokenOf(device.id),
        image: factoryImage(dir, device),
      })),
      trustedKeys: [signer.trustedKey],
      clock,
      random,
      personalities: { offlinePercent: 10, slowPercent: 10 },
      component: "fan",
      linkPort: 0,
      dir: join(dir, ".iotctl", "devices"),
      log,
    });
    started.push(() => devices.stop());
    const agents = await startDemoAgents({
      dir,
      serverUrl: server.url,
      entry: options.entry,
      trustedKeyFile: publicKeyFileOf(environment.signing.keyFile),
      devices: agentDevices.map((device) => ({ device, token: tokenOf(device.id) })),
    });
    started.push(() => agents.stop());

    const rehearsal = new Rehearsal({ url: storefront.url });
    await publishAppsInField(context);
    await rehearsal.setLinks([
      ...(devices.linkUrl === null ? [] : [{ url: devices.linkUrl, devices: "*" as const }]),
      ...agents.agents.map(({ device, linkUrl }) => ({ url: linkUrl, devices: [device.id] })),
    ]);
    await rehearsal.setPhones(demoPhones([...virtual, ...agentDevices].map(({ id }) => id)));
    await everyDeviceHasReported(context, virtual.length + agentDevices.length, clock);
    return { agents: agents.agents, meetings: () => rehearsal.meetings(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the store has offered to everybody since before the release. */
async function publishAppsInField(context: Context): Promise<void> {
  const storefront = await context.storefront();
  for (const platform of ["ios", "android"] as const) {
    const component = `app-${platform}`;
    const version = "4.1.0";
    const digest = `sha256:${"0".repeat(64)}`;
    await storefront.publish({ component, platform, appId: "com.example.fan", version, digest });
    await storefront.expose(component, version, 100);
  }
}

async function everyDeviceHasReported(context: Context, count: number, clock: Clock): Promise<void> {
  const { listAllDevices } = await import("../../rollout/observe-field.ts");
  const fleet = await context.fleet();
  for (let tries = 0; tries < 100; tries++) {
    const devices = await listAllDevices(fleet);
    const ready = devices.filter(
      ({ pairedApps, reportedVersion }) => reportedVersion !== null && pairedApps.length > 0,
    );
    if (ready.length >= count) return;
    await clock.sleep(100);
  }
}
