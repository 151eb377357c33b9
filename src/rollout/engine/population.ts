import type { Device } from "../../fleet/fleet-backend.ts";
import { hardwareOf, modelsOf } from "./known-versions.ts";
import { type FirmwareStep, isSameStep, stepName } from "./firmware-step.ts";
import { introductionsBegun, kindOf } from "./release-kinds.ts";
import type { DeviceProgress, Population, RolloutState, StagingCount } from "./state.ts";
import type { Snapshot } from "./snapshot.ts";
import { countStragglers } from "./stragglers.ts";

/**
 * Who runs what. Devices that were not seen within the retire window do not count any more. A
 * component of which nothing can be known (no devices listed, a store that cannot tell and no device
 * that met the app) is absent, which is not the same as one that nobody uses. A seen device that does
 * not say what it is or what it runs may run anything.
 */
export function populationOf(state: RolloutState, snapshot: Snapshot, nowMs: number): Population {
  const { config } = state;
  const seen = snapshot.devices.filter(
    ({ lastContactAtMs }) => lastContactAtMs !== null && nowMs - lastContactAtMs <= config.retire.unseenMs,
  );
  // Versions are what devices say, so nothing of theirs is a key of an object while it is counted.
  const versions = new Map<string, Map<string, number>>();
  const countsOf = (component: string): Map<string, number> => {
    const counts = versions.get(component) ?? new Map<string, number>();
    versions.set(component, counts);
    return counts;
  };
  const count = (component: string, version: string, amount = 1): void => {
    const counts = countsOf(component);
    counts.set(version, (counts.get(version) ?? 0) + amount);
  };
  const unknown: Record<string, number> = {};
  for (const component of Object.keys(config.resolved.components).toSorted()) {
    if (kindOf(config, component) === "firmware") {
      if (snapshot.devices.length > 0) countsOf(component);
      const hardware = hardwareOf(config, component);
      for (const { hardware: model, reportedVersion } of seen) {
        if (model !== "" && !hardware.has(model)) continue;
        if (model === "" || reportedVersion === null) unknown[component] = (unknown[component] ?? 0) + 1;
        else count(component, reportedVersion);
      }
    } else if (kindOf(config, component) === "app") {
      const installed = snapshot.installed[component];
      if (installed) {
        countsOf(component);
        for (const [version, users] of Object.entries(installed)) count(component, version, users);
      } else {
        for (const { pairedApps } of seen) {
          for (const app of pairedApps) if (app.component === component) count(app.component, app.version);
        }
        // What few devices tell of their phones says nothing of those that come to the others.
        const silent = seen.filter(({ pairedApps }) => pairedApps.length === 0).length;
        if (config.pairing === "arbitrary" && silent > 0 && versions.has(component))
          unknown[component] = silent;
      }
    }
  }
  const staging = introductionsBegun(state).filter(({ staged }) => staged);
  return {
    devices: seen.length,
    versions: inOrder(versions),
    unknown,
    ...countStragglers(state, snapshot.devices),
    ...(staging.length > 0 && {
      staging: Object.fromEntries(staging.map((step) => [stepName(step), countStaging(state, step, seen)])),
    }),
  };
}

/**
 * Who can never run a version need not keep it ready: hardware without an image, versions that are
 * stuck. Of hardware that is not known nobody can say so.
 */
function countStaging(
  { config, devices }: RolloutState,
  step: FirmwareStep,
  seen: readonly Device[],
): StagingCount {
  const models = modelsOf(config, step.component, step.version);
  const stuck = new Set(
    config.plan.stuck.filter(({ component }) => component === step.component).map(({ version }) => version),
  );
  const counted = seen.filter(
    ({ hardware, reportedVersion }) =>
      (hardware === "" || models.includes(hardware)) && !stuck.has(reportedVersion ?? ""),
  );
  const without = counted.filter(({ id, reportedVersion }) => {
    const progress = Object.hasOwn(devices, id) ? devices[id] : undefined;
    return reportedVersion !== step.version && !(progress && keepsReady(progress, step));
  });
  return { devices: counted.length, without: without.length };
}

function keepsReady(progress: DeviceProgress, step: FirmwareStep): boolean {
  const { earlier, status } = progress;
  if (isSameStep(progress, step)) return status === "updated";
  return earlier !== undefined && keepsReady(earlier, step);
}

/** Sorted, so that the same field is the same value whatever order it was seen in. */
function inOrder(versions: ReadonlyMap<string, ReadonlyMap<string, number>>): Population["versions"] {
  return Object.fromEntries(
    [...versions].map(([component, counts]) => [
      component,
      Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    ]),
  );
}
