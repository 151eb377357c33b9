import { chunkMetadata, type DdiArtifact, type DdiChunk, type DdiDeployment } from "../../ddi/wire.ts";
import type { Fleet } from "../fleet.ts";
import type { ActionRecord } from "../stores/actions.ts";
import type { ArtifactRecord } from "../stores/artifacts.ts";
import type { AssignmentRecord } from "../stores/assignments.ts";

/** What an action brings to its device: one image of the assignment's. */
export interface Payload {
  readonly assignment: AssignmentRecord;
  readonly artifact: ArtifactRecord;
  readonly filename: string;
}

export function payloadOf(fleet: Fleet, action: ActionRecord): Payload {
  const assignment = fleet.assignments.byRow(action.assignmentRow);
  const variant = assignment.variants[action.hardware];
  const artifact = variant && fleet.artifacts.byDigest(variant.digest);
  if (!artifact) throw new Error(`Action ${action.id} has no artifact for hardware ${action.hardware}.`);
  return { assignment, artifact, filename: variant.filename };
}

/**
 * The deployment as devices read it; `address` is that of the device's resources. A staged one is what
 * hawkBit makes of a download-only action.
 */
export function deploymentDocument(fleet: Fleet, action: ActionRecord, address: string): DdiDeployment {
  const payload = payloadOf(fleet, action);
  const { component, version, attestationDigest, contextDigests, rollback, staged } = payload.assignment;
  const hrefOf = (digest: string): string => `${address}/attestations/${digest.slice("sha256:".length)}`;
  const chunk: DdiChunk = {
    // The only part that Zephyr takes; nobody else looks at it.
    part: "bApp",
    version,
    name: component,
    artifacts: [artifactDocument(payload, action, address)],
    metadata: [
      { key: chunkMetadata.attestation, value: hrefOf(attestationDigest) },
      ...(contextDigests
        ? [{ key: chunkMetadata.context, value: contextDigests.map(hrefOf).join(" ") }]
        : []),
      { key: chunkMetadata.component, value: component },
      { key: chunkMetadata.rollback, value: String(rollback) },
    ],
  };
  const update = staged ? "skip" : "forced";
  return { id: String(action.id), deployment: { download: "forced", update, chunks: [chunk] } };
}

/** One artifact with its links; a software module has the id of the action that brings it. */
export function artifactDocument(
  { artifact, filename }: Payload,
  action: ActionRecord,
  address: string,
): DdiArtifact {
  const href = `${address}/softwaremodules/${action.id}/artifacts/${encodeURIComponent(filename)}`;
  return {
    filename,
    hashes: { sha1: artifact.sha1, md5: artifact.md5, sha256: artifact.digest.slice("sha256:".length) },
    size: artifact.sizeBytes,
    _links: {
      download: { href },
      "download-http": { href },
      "md5sum-http": { href: `${href}.MD5SUM` },
    },
  };
}
