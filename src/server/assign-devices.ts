import type { AssignResult } from "../fleet/fleet-backend.ts";
import type { Fleet } from "./fleet.ts";
import { Refusal } from "./refusal.ts";
import type { AssignmentContent } from "./stores/assignments.ts";

/**
 * Gives devices a share of the assignment, made when it is new; a device that has one keeps it as it
 * is. Throws a Refusal (409) when the id stands for another content, or when an image or the signed
 * release was not uploaded. Runs inside a commit.
 */
export function assignDevices(
  fleet: Fleet,
  id: string,
  content: AssignmentContent,
  deviceIds: readonly string[],
): AssignResult {
  refuseMissingArtifacts(fleet, content);
  const assignmentRow = fleet.assignments.ensure(id, content);
  if (assignmentRow === null) {
    throw new Refusal(409, "assignment-differs", `Assignment ${id} exists with another content.`);
  }
  const assigned: string[] = [];
  const refused: { deviceId: string; reason: string }[] = [];
  for (const deviceId of deviceIds) {
    const reason = assignOne(fleet, { id, assignmentRow, content, deviceId });
    if (reason === null) assigned.push(deviceId);
    else refused.push({ deviceId, reason });
  }
  return { assigned, refused };
}

/** Null when the device has its share, else why it cannot. */
function assignOne(
  fleet: Fleet,
  share: { id: string; assignmentRow: number; content: AssignmentContent; deviceId: string },
): string | null {
  const { id, assignmentRow, content, deviceId } = share;
  const device = fleet.devices.byId(deviceId);
  if (!device) return "the fleet has no such device";
  if (fleet.actions.inAssignment(assignmentRow, deviceId)) return null;
  if (device.activeAssignmentId !== null) return `it is busy with assignment ${device.activeAssignmentId}`;
  if (!Object.hasOwn(content.variants, device.hardware)) {
    return `no variant of ${content.component} ${content.version} is for its hardware, ${device.hardware || "which it has not reported"}`;
  }
  const assignedAtMs = fleet.clock.now();
  fleet.actions.insert({ assignmentRow, deviceId, hardware: device.hardware, assignedAtMs });
  const message = `${content.component} ${content.version}${content.staged ? ", to be kept ready" : ""}`;
  fleet.events.append(device.row, { atMs: assignedAtMs, kind: "assigned", assignmentId: id, message });
  return null;
}

function refuseMissingArtifacts(
  fleet: Fleet,
  { variants, attestationDigest, contextDigests = [] }: AssignmentContent,
): void {
  for (const { digest, sizeBytes } of Object.values(variants)) {
    const artifact = fleet.artifacts.byDigest(digest);
    if (!artifact) throw new Refusal(409, "artifact-missing", `Artifact ${digest} was not uploaded.`);
    if (artifact.sizeBytes !== sizeBytes) {
      throw new Refusal(
        409,
        "artifact-differs",
        `Artifact ${digest} has ${artifact.sizeBytes} bytes, the assignment says ${sizeBytes}.`,
      );
    }
  }
  for (const digest of [attestationDigest, ...contextDigests]) {
    if (!fleet.artifacts.byDigest(digest))
      throw new Refusal(409, "attestation-missing", `Attestation ${digest} was not uploaded.`);
  }
}
