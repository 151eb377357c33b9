import { hardwareOf, kindOf } from "./release-kinds.ts";
import type { Population, RolloutConfig } from "./state.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Who runs what. Devices that were not seen within the retire window do not count any more. A
 * component of which nothing can be known (no devices listed, a store that cannot tell and no device
 * that met the app) is absent, which is not the same as one that nobody uses.
 */
export function populationOf(config: RolloutConfig, snapshot: Snapshot, nowMs: number): Population {
  const seen = snapshot.devices.filter(
    ({ lastContactAtMs }) => lastContactAtMs !== null && nowMs - lastContactAtMs <= config.retire.unseenMs,
  );
  const versions: Record<string, Record<string, number>> = {};
  const count = (component: string, version: string, amount = 1): void => {
    const counts = (versions[component] ??= {});
    counts[version] = (counts[version] ?? 0) + amount;
  };
  for (const component of Object.keys(config.resolved.components).toSorted()) {
    if (kindOf(config, component) === "firmware") {
      if (snapshot.devices.length > 0) versions[component] = {};
      const hardware = new Set(hardwareOf(config, component));
      for (const device of seen) {
        if (device.reportedVersion !== null && hardware.has(device.hardware))
          count(component, device.reportedVersion);
      }
    } else if (kindOf(config, component) === "app") {
      const installed = snapshot.installed[component];
      if (installed) {
        versions[component] = {};
        for (const [version, users] of Object.entries(installed)) count(component, version, users);
      } else {
        for (const device of seen) {
          for (const app of device.pairedApps) if (app.component === component) count(component, app.version);
        }
      }
    }
  }
  return { devices: seen.length, versions: sortKeys(versions) };
}

/** Sorted, so that the same field is the same value whatever order it was seen in. */
function sortKeys(versions: Record<string, Record<string, number>>): Population["versions"] {
  return Object.fromEntries(
    Object.entries(versions).map(([component, counts]) => [
      component,
      Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    ]),
  );
}
