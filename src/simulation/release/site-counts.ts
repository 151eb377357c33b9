import { type FirmwareStep, stepName } from "../../rollout/engine/firmware-step.ts";
import { modelsOf } from "../../rollout/engine/known-versions.ts";
import { introductionsBegun, kindOf } from "../../rollout/engine/release-kinds.ts";
import type { Population, RolloutConfig, RolloutState, StagingCount } from "../../rollout/engine/state.ts";
import type { StepTally, Tally } from "../../rollout/engine/tally.ts";
import { numberOf } from "./lineup.ts";
import type { SiteWorld } from "./site-world.ts";

/** Sites by the number of their app and of their firmware. */
export interface SiteCounts {
  readonly apps: Int32Array;
  readonly firmwares: Int32Array;
}

export function countSites({ lineup, meetings }: SiteWorld): SiteCounts {
  const apps = new Int32Array(lineup.apps.length);
  const firmwares = new Int32Array(lineup.firmwares.length);
  for (const cell of meetings.seen) {
    const sites = meetings.sites[cell]!;
    const [app, firmware] = [meetings.appOf(cell), meetings.firmwareOf(cell)];
    apps[app] = apps[app]! + sites;
    firmwares[firmware] = firmwares[firmware]! + sites;
  }
  return { apps, firmwares };
}

/** Who runs what, as a look at fleet and stores shows it. */
export function populationOf(state: RolloutState, world: SiteWorld): Population {
  const { config } = state;
  const { apps, firmwares } = countSites(world);
  const versions: Record<string, Record<string, number>> = {};
  let devices = 0;
  for (const component of Object.keys(config.resolved.components).toSorted()) {
    if (kindOf(config, component) !== "service") versions[component] = {};
  }
  for (const [number, { component, version }] of world.lineup.firmwares.entries()) {
    const seen = firmwares[number]! - world.unseen.count(number);
    devices += number === 0 ? 0 : seen;
    const counts = versions[component];
    if (counts && seen > 0) counts[version] = seen;
  }
  for (const [number, { component, version }] of world.lineup.apps.entries()) {
    const counts = versions[component];
    if (counts && apps[number]! > 0) counts[version] = apps[number]!;
  }
  const staging = introductionsBegun(state).filter(({ staged }) => staged);
  return {
    devices,
    versions,
    // Every simulated site says what it is and what it runs.
    unknown: {},
    ...(staging.length > 0 && {
      staging: Object.fromEntries(staging.map((step) => [stepName(step), countStaging(config, step, world)])),
    }),
  };
}

/** How many devices that can run a version have not got it ready; asked only while something waits for that. */
function countStaging(
  config: RolloutConfig,
  step: FirmwareStep,
  { devices, lineup, nowS, sites }: SiteWorld,
): StagingCount {
  const models = modelsOf(config, step.component, step.version);
  const canRun = lineup.models.map((model) => models.includes(model));
  const isStuck = lineup.firmwares.map(
    ({ component, version }) =>
      component !== step.component ||
      config.plan.stuck.some((stuck) => stuck.component === component && stuck.version === version),
  );
  const firmware = numberOf(lineup.firmwares, step);
  const place = lineup.staged.indexOf(firmware) + 1;
  const unseenS = config.retire.unseenMs / 1000;
  const counts = { devices: 0, without: 0 };
  for (let site = 0; site < sites.count; site++) {
    const running = sites.firmware[site]!;
    if (isStuck[running] || !canRun[sites.model[site]!]) continue;
    if (nowS - devices.contacts.lastS(site, nowS) > unseenS) continue;
    counts.devices++;
    if (running !== firmware && sites.staged[site] !== place) counts.without++;
  }
  return counts;
}

/** What the rollout of a plan knows of its devices. */
export function tallyOf({ plan }: RolloutConfig, world: SiteWorld): Tally {
  const { devices, lineup } = world;
  let updating = 0;
  let toBegin = 0;
  const steps: Record<string, StepTally> = {};
  for (const step of plan.steps) {
    const firmware = step.action === "introduce" ? numberOf(lineup.firmwares, step) : 0;
    if (firmware === 0) continue;
    const counts = devices.countsOf(firmware, step.staged ?? false);
    updating += counts.updating;
    toBegin += counts.toBegin;
    const { failed, silent, unheard, updated } = counts;
    steps[stepName(step)] = { updated, failed, silent, unheard };
  }
  return { updating, toBegin, steps };
}
