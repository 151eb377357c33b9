import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import type { Route } from "../router.ts";
import { sendFile } from "../send-file.ts";
import { deviceRoute } from "./device-route.ts";

/**
 * The signed releases behind what a device is to install or has installed. Our one addition to DDI;
 * its address stands in the metadata of the deployment's chunk, which other clients pass over.
 */
export function attestationRoutes(fleet: Fleet): Route[] {
  return [
    deviceRoute(fleet, "GET", "/attestations/{hex}", async ({ response, params }, device) => {
      const digest = `sha256:${params["hex"]}`;
      const attestation = fleet.artifacts.byDigest(digest);
      const open = fleet.actions.openOf(device.id);
      const installed = device.installedAction === null ? null : fleet.actions.byId(device.installedAction);
      const isGiven = [open, installed].some((action) => {
        const given = action && fleet.assignments.byRow(action.assignmentRow);
        return given?.attestationDigest === digest || given?.contextDigests?.includes(digest);
      });
      if (!attestation || !isGiven)
        throw new Refusal(404, "not-found", "This device is given no such release.");
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": attestation.sizeBytes,
      });
      await sendFile(response, fleet.blobs.path(digest), 0, attestation.sizeBytes);
    }),
  ];
}
