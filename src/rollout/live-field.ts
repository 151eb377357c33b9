import type { LiveSets, VersionFacts } from "../compat/relation.ts";
import { compareVersions } from "../compat/versions.ts";
import type { Device, FleetBackend } from "../fleet/fleet-backend.ts";
import type { Release, ServiceComponent } from "../manifest/release.ts";
import { factsOfRelease } from "../manifest/release-facts.ts";
import type { Storefront, StorefrontStatus } from "../storefronts/storefront.ts";
import type { RolloutJournals } from "./journal/journal.ts";
import { listAllDevices } from "./observe-field.ts";
import { observeService } from "./observe-service.ts";
import { rolloutsOfProduct } from "./rollouts-of-product.ts";

export interface Field {
  /** Versions in use, by component of the release, lowest first. */
  readonly live: LiveSets;
  /** Hardware models on which each live firmware version was seen, by component, then version; sorted. */
  readonly hardware: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly devices: readonly Device[];
}

/**
 * Which versions are in use: firmware as devices report it, apps as the store and the devices know
 * them, services as they answer. A version that so few use that the release calls it gone (`retire`)
 * is not live; a device that does not say what it is or what it runs may run any. `facts` are of every
 * version known, so that devices count whose hardware only an older version has an image for.
 */
export async function observeLiveField(
  release: Release,
  ports: {
    readonly fleet: FleetBackend;
    readonly storefront: Storefront;
    readonly journals: RolloutJournals;
  },
  nowMs: number,
  facts: readonly VersionFacts[] = factsOfRelease(release),
): Promise<Field> {
  const devices = await listAllDevices(ports.fleet);
  const seen = devices.filter(
    ({ lastContactAtMs }) => lastContactAtMs !== null && nowMs - lastContactAtMs <= release.retire.unseenMs,
  );
  const owners = ownersOfHardware([...factsOfRelease(release), ...facts]);
  const live: Record<string, string[]> = {};
  const hardware: Record<string, Record<string, string[]>> = {};
  for (const [component, settings] of Object.entries(release.components)) {
    const counts = new Map<string, number>();
    const count = (version: string, amount = 1): void =>
      void counts.set(version, (counts.get(version) ?? 0) + amount);
    const own = seen.filter((device) => owners.get(device.hardware) === component);
    let unknown = 0;
    switch (settings.kind) {
      case "firmware":
        for (const { reportedVersion } of own) if (reportedVersion !== null) count(reportedVersion);
        unknown = seen.filter(({ hardware: model }) => model === "").length;
        unknown += own.filter(({ reportedVersion }) => reportedVersion === null).length;
        break;
      case "app":
        countApps(component, seen, await ports.storefront.status(component), count);
        break;
      case "service":
        for (const version of await liveService(component, settings, release, ports.journals)) count(version);
        break;
    }
    live[component] = inUse(counts, unknown, release.retire.belowPercent);
    if (settings.kind === "firmware") hardware[component] = modelsOf(live[component], own);
  }
  return { live, hardware, devices };
}

/** Which firmware runs on a hardware model; where versions disagree, what comes first among the facts. */
function ownersOfHardware(facts: readonly VersionFacts[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { component, hardware } of facts) {
    for (const model of hardware) if (!owners.has(model)) owners.set(model, component);
  }
  return owners;
}

function modelsOf(versions: readonly string[], devices: readonly Device[]): Record<string, string[]> {
  return Object.fromEntries(
    versions.map((version) => {
      const running = devices.filter(({ reportedVersion }) => reportedVersion === version);
      return [version, [...new Set(running.map(({ hardware }) => hardware))].toSorted()];
    }),
  );
}

function countApps(
  component: string,
  devices: readonly Device[],
  status: StorefrontStatus,
  count: (version: string, amount?: number) => void,
): void {
  for (const { version, users } of status.installed ?? []) count(version, users);
  if (status.installed === null) {
    for (const device of devices) {
      for (const app of device.pairedApps) if (app.component === component) count(app.version);
    }
  }
  for (const version of offeredNow(status)) count(version, Infinity);
}

/** What may be installed at any moment, whoever has it yet: the newest version for all and any above it. */
function offeredNow({ releases }: StorefrontStatus): string[] {
  const forAll = releases.filter(({ state }) => state === "completed").map(({ version }) => version);
  const newest = forAll.toSorted(compareVersions).at(-1);
  const forSome = releases.filter(({ state }) => state === "exposed").map(({ version }) => version);
  if (newest === undefined) return forSome;
  return [newest, ...forSome.filter((version) => compareVersions(version, newest) > 0)];
}

async function liveService(
  component: string,
  settings: ServiceComponent,
  release: Release,
  journals: RolloutJournals,
): Promise<string[]> {
  if (settings.observe) {
    const version = await observeService(component, settings.observe);
    if (version !== null) return [version];
  }
  const deployed = await lastDeployed(release.product, component, journals);
  return deployed === null ? Object.keys(release.known[component] ?? {}) : [deployed];
}

/** What the last rollout of the product that deployed the service deployed. */
async function lastDeployed(
  product: string,
  component: string,
  journals: RolloutJournals,
): Promise<string | null> {
  for await (const { state } of rolloutsOfProduct(journals, product)) {
    const version = state.deployed[component];
    if (version !== undefined) return version;
  }
  return null;
}

function inUse(counts: ReadonlyMap<string, number>, unknown: number, belowPercent: number): string[] {
  const total = [...counts.values()].filter(Number.isFinite).reduce((sum, each) => sum + each, unknown);
  return [...counts]
    .filter(
      ([, users]) => users === Infinity || total === 0 || ((users + unknown) / total) * 100 >= belowPercent,
    )
    .map(([version]) => version)
    .toSorted(compareVersions);
}
