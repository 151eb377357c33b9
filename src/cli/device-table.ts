import { formatDuration } from "../base/durations.ts";
import type { Device } from "../fleet/fleet-backend.ts";
import { table } from "./table.ts";

/** Devices for people, one a line. */
export function deviceTable(devices: readonly Device[], nowMs: number): string {
  const columns = [
    { title: "DEVICE" },
    { title: "HARDWARE", shrinkTo: 8 },
    { title: "VERSION" },
    { title: "APPS", shrinkTo: 12 },
    { title: "LABELS", shrinkTo: 12 },
    { title: "SEEN" },
    { title: "BUSY WITH", shrinkTo: 12 },
  ];
  const rows = devices.map((device) => [
    device.id,
    device.hardware,
    device.reportedVersion ?? "-",
    pairedApps(device) || "-",
    labelsText(device.labels) || "-",
    agoText(device.lastContactAtMs, nowMs),
    device.activeAssignmentId ?? "-",
  ]);
  return table(columns, rows, { whenEmpty: "No devices." });
}

/** `app-ios@4.1.0 app-android@4.1.0` */
export function pairedApps({ pairedApps: apps }: Device): string {
  return apps.map(({ component, version }) => `${component}@${version}`).join(" ");
}

/** `ring=canary site=lab` */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

/** `3m 20s ago`, or `never`. */
export function agoText(atMs: number | null, nowMs: number): string {
  return atMs === null ? "never" : `${formatDuration(Math.max(nowMs - atMs, 0))} ago`;
}
