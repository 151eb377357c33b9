import type { Relation } from "../../compat/relation.ts";
import { bucketOf } from "../../rollout/engine/cohort.ts";
import { never } from "./calendar.ts";
import { chanceOf, type Chances, longTailed } from "./chances.ts";
import type { FieldShares } from "./field-shares.ts";
import { type Lineup, numberOf } from "./lineup.ts";
import { presence } from "./meetings.ts";
import type { SimulationModel } from "./simulation-model.ts";

/** How somebody comes to a new version of an app. */
export const userKind = { automatic: 0, byHand: 1, never: 2 } as const;

/**
 * One phone and one device per site, as columns; site numbers are indices. Versions are numbers of
 * the lineup, instants are whole seconds from the start.
 */
export interface Sites {
  readonly count: number;
  /** What the phone runs; 0: there is no app. */
  readonly app: Uint8Array;
  readonly user: Uint8Array;
  /** What the device runs; 0: there is no device. */
  readonly firmware: Uint8Array;
  readonly model: Uint8Array;
  /** Firmware that the device keeps ready; 0: none. */
  readonly staged: Uint8Array;
  /** The app version the fleet knows to be paired with the device. */
  readonly pairedApp: Uint8Array;
  /** Instant of one poll, below the interval; the others are intervals apart. */
  readonly pollAtS: Int32Array;
  /** Until when the device is switched off: 0, or `never`. */
  readonly awayUntilS: Int32Array;
  /** Whether the device meets anybody: a number of `presence`. */
  readonly present: Uint8Array;
  /** The device's place in the cohorts of the release. */
  readonly bucket: Uint16Array;
}

export function deviceId(site: number): string {
  return `device-${site}`;
}

/** The site of a device id. */
export function siteOf(id: string): number {
  return Number(id.slice("device-".length));
}

/** Draws a field: what runs where by the shares, who is away, what the users are like. */
export function drawSites(options: {
  readonly count: number;
  readonly lineup: Lineup;
  readonly shares: FieldShares;
  readonly relation: Relation;
  readonly target: Readonly<Record<string, string>>;
  readonly model: SimulationModel;
  readonly chances: Chances;
  readonly cohortSalt: string;
}): Sites {
  const { chances, count, lineup, model } = options;
  const sites: Sites = {
    count,
    app: new Uint8Array(count),
    user: new Uint8Array(count),
    firmware: new Uint8Array(count),
    model: new Uint8Array(count),
    staged: new Uint8Array(count),
    pairedApp: new Uint8Array(count),
    pollAtS: new Int32Array(count),
    awayUntilS: new Int32Array(count),
    present: new Uint8Array(count),
    bucket: new Uint16Array(count),
  };
  const drawApp = drawVersion(lineup.apps, options);
  const drawFirmware = drawVersion(lineup.firmwares, options);
  const models = modelsByFirmware(options);
  const { awayMedianS, awayNinthS, awayPercent, lostPercent, pollIntervalS } = model.devices;
  const { automaticPercent, neverPercent } = model.users;
  for (let site = 0; site < count; site++) {
    sites.app[site] = drawApp(chances.of(site, chanceOf.app), chances.of(site, chanceOf.appVersion));
    sites.pairedApp[site] = sites.app[site]!;
    const user = chances.of(site, chanceOf.user) * 100;
    sites.user[site] =
      user < automaticPercent
        ? userKind.automatic
        : user < 100 - neverPercent
          ? userKind.byHand
          : userKind.never;

    const firmware = drawFirmware(
      chances.of(site, chanceOf.firmware),
      chances.of(site, chanceOf.firmwareVersion),
    );
    const choice = models[firmware] ?? [];
    sites.firmware[site] = firmware;
    sites.model[site] = choice[Math.floor(chances.of(site, chanceOf.hardware) * choice.length)] ?? 0;
    sites.pollAtS[site] = Math.floor(chances.of(site, chanceOf.poll) * pollIntervalS);
    const away = chances.of(site, chanceOf.away) * 100;
    if (away < lostPercent) sites.awayUntilS[site] = never;
    else if (away < lostPercent + awayPercent) {
      const untilS = longTailed(chances.of(site, chanceOf.awayUntil), awayMedianS, awayNinthS);
      sites.awayUntilS[site] = Math.min(Math.ceil(untilS), never);
    }
    sites.present[site] = sites.awayUntilS[site] === 0 ? presence.on : presence.off;
    sites.bucket[site] = bucketOf(deviceId(site), options.cohortSalt);
  }
  return sites;
}

/** Components share the sites evenly, versions by their shares. Two chances in, a number of the lineup out. */
function drawVersion(
  versions: Lineup["apps"],
  { shares }: { readonly shares: FieldShares },
): (component: number, version: number) => number {
  const components = [...new Set(versions.slice(1).map(({ component }) => component))].map((component) => {
    const entries = Object.entries(shares[component] ?? {}).filter(([, share]) => share > 0);
    const total = entries.reduce((sum, [, share]) => sum + share, 0);
    let below = 0;
    return entries.map(([version, share]) => {
      below += share / total;
      return { below, number: numberOf(versions, { component, version }) };
    });
  });
  const present = components.filter((entries) => entries.length > 0);
  return (component, version) => {
    const entries = present[Math.floor(component * present.length)] ?? [];
    return (entries.find(({ below }) => version < below) ?? entries.at(-1))?.number ?? 0;
  };
}

/** Hardware on which each firmware may be found: what it has an image for, else what the target has one for. */
function modelsByFirmware({
  lineup,
  relation,
  target,
}: {
  readonly lineup: Lineup;
  readonly relation: Relation;
  readonly target: Readonly<Record<string, string>>;
}): number[][] {
  return lineup.firmwares.map(({ component, version }) => {
    const own = relation.facts(component, version)?.hardware ?? [];
    const models =
      own.length > 0 ? own : (relation.facts(component, target[component] ?? "")?.hardware ?? []);
    return models.map((model) => lineup.models.indexOf(model)).filter((number) => number >= 0);
  });
}
