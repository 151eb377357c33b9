import { applyConfigData, attributesMax } from "../ddi/parse-config-data.ts";
import { type DdiConfigData, deviceAttribute } from "../ddi/wire.ts";
import type { Fleet } from "./fleet.ts";
import { Refusal } from "./refusal.ts";

/** What a device says it is and runs. Throws a Refusal (429) for too many attributes. Runs inside a commit. */
export function recordAttributes(fleet: Fleet, deviceId: string, report: DdiConfigData): void {
  const device = fleet.devices.byId(deviceId);
  if (!device) throw new Refusal(404, "not-found", "There is no such device.");
  const attributes = applyConfigData(device.attributes, report);
  if (!attributes) {
    throw new Refusal(429, "too-many-attributes", `A device has at most ${attributesMax} attributes.`);
  }
  const atMs = fleet.clock.now();
  const reportedVersion = attributes[deviceAttribute.version]?.trim() || null;
  const says = report.mode !== "remove" && Object.hasOwn(report.data, deviceAttribute.version);
  fleet.devices.setReport(device.row, {
    attributes,
    hardware: attributes[deviceAttribute.hardware]?.trim() || device.hardware,
    reportedVersion,
    reportedAtMs: says ? atMs : device.reportedAtMs,
  });
  if (reportedVersion === device.reportedVersion) return;
  fleet.events.append(device.row, {
    atMs,
    kind: "reported",
    assignmentId: device.activeAssignmentId,
    message: `runs ${reportedVersion ?? "an unknown version"}, before ${device.reportedVersion ?? "unknown"}`,
  });
}
