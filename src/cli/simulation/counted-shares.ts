import type { VersionFacts } from "../../compat/relation.ts";
import type { Release } from "../../manifest/release.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { FieldShares } from "../../simulation/release/field-shares.ts";
import type { FieldLook } from "../release/look-at-field.ts";

/**
 * The shares that a file gives, else those that were counted, else the same for each version. Firmware
 * is counted on the hardware that it is for, an app on the devices that it is paired with.
 */
export function countedShares(
  release: Release,
  { devices, facts, live, shares }: Pick<FieldLook, "devices" | "facts" | "live" | "shares">,
): FieldShares {
  const counted = Object.entries(live).map(([component, versions]): [string, Record<string, number>] => {
    const isFirmware = release.components[component]?.kind === "firmware";
    const users = isFirmware ? runningFirmware(component, devices, facts) : pairedApps(component, devices);
    const counts = versions.map((version): [string, number] => [
      version,
      users.filter((each) => each === version).length,
    ]);
    const isCounted = counts.some(([, count]) => count > 0);
    return [
      component,
      Object.fromEntries(counts.map(([version, count]) => [version, isCounted ? count : 1])),
    ];
  });
  return { ...Object.fromEntries(counted), ...shares };
}

function runningFirmware(
  component: string,
  devices: readonly Device[],
  facts: readonly VersionFacts[],
): (string | null)[] {
  const own = facts.filter((each) => each.component === component);
  const models = new Set(own.flatMap(({ hardware }) => hardware));
  return devices.filter(({ hardware }) => models.has(hardware)).map(({ reportedVersion }) => reportedVersion);
}

function pairedApps(component: string, devices: readonly Device[]): string[] {
  return devices.flatMap((device) =>
    device.pairedApps.filter((app) => app.component === component).map(({ version }) => version),
  );
}
