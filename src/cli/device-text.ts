import type { Device } from "../fleet/fleet-backend.ts";
import type { DeviceEvent } from "../server/control/control-api.ts";
import { agoText, labelsText, pairedApps } from "./device-table.ts";
import { table } from "./table.ts";
import { terminalLine } from "./terminal-text.ts";

/** One device for people: what it is, then what happened to it, oldest first. */
export function deviceText(device: Device, history: readonly DeviceEvent[], nowMs: number): string {
  const facts = [
    ["Device", device.id],
    ["Hardware", device.hardware || "-"],
    ["Version", device.reportedVersion ?? "-"],
    ["Apps", pairedApps(device) || "-"],
    ["Labels", labelsText(device.labels) || "-"],
    ["Seen", agoText(device.lastContactAtMs, nowMs)],
    ["Busy with", device.activeAssignmentId ?? "-"],
  ] as const;
  const events = history.map(({ assignmentId, atMs, kind, message }) => [
    new Date(atMs).toISOString(),
    kind,
    message,
    assignmentId ?? "",
  ]);
  const columns = [
    { title: "AT" },
    { title: "WHAT" },
    { title: "MESSAGE", shrinkTo: 16 },
    { title: "ASSIGNMENT", shrinkTo: 12 },
  ];
  return [
    ...facts.map(([name, value]) => `${`${name}:`.padEnd(11)}${terminalLine(value)}`),
    "",
    table(columns, events, { whenEmpty: "Nothing has happened to it yet." }),
  ].join("\n");
}
