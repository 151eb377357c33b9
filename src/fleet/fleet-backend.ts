/**
 * What carries firmware to devices. Gating, cohorts and thresholds are not its business; it lists,
 * delivers, tells what devices say, and cancels. Every mutating call may be repeated.
 */
export interface FleetBackend {
  /** `embedded`, `hawkbit`, … */
  readonly name: string;

  /** One page of devices in a stable order by id; `after` is the `next` of the page before. At most `limit` (≤ 1000). */
  listDevices(page: { readonly after?: string; readonly limit: number }): Promise<DevicePage>;

  /** Makes the image of one variant available for delivery. Idempotent by digest. */
  ensureArtifact(artifact: FleetArtifact): Promise<void>;

  /** Makes the signed release known to devices, which verify it themselves. Idempotent by digest. */
  ensureAttestation(attestation: FleetAttestation): Promise<void>;

  /**
   * Gives devices one firmware version. Idempotent by `assignment.id` and device: assigning again
   * changes nothing; a device that is busy with another assignment is refused, not queued.
   */
  assign(assignment: Assignment, deviceIds: readonly string[]): Promise<AssignResult>;

  /** What each device of an assignment came to so far, one page in a stable order by device id. */
  observe(
    assignmentId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly outcomes: readonly DeviceOutcome[]; readonly next: string | null }>;

  /** Takes back what has not begun on the devices (all of the assignment's when none are named). */
  cancel(assignmentId: string, deviceIds?: readonly string[]): Promise<CancelResult>;
}

/** A backend that can bring an image to devices and leave it there unused. Ask with `canStage`. */
export interface StagingFleet extends FleetBackend {
  /**
   * Like `assign`, but the device only keeps the image ready, verified and across restarts, and goes
   * on running what it runs. `succeeded` then means that it is there. A later `assign` of the same
   * component and version, under an id of its own, runs it without a second download.
   */
  stage(assignment: Assignment, deviceIds: readonly string[]): Promise<AssignResult>;
}

/** Whether a backend can bring images ahead of their activation. */
export function canStage(fleet: FleetBackend): fleet is StagingFleet {
  return "stage" in fleet;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  /** Null on the last page. */
  readonly next: string | null;
}

export interface Device {
  readonly id: string;
  /** Hardware model, matched against the variants of a firmware component. */
  readonly hardware: string;
  /** Set by people or the server, never by the device. */
  readonly labels: Readonly<Record<string, string>>;
  /** The firmware version the device last said it runs; null until it has said one. */
  readonly reportedVersion: string | null;
  /** App versions the device has talked to lately, as it reported them. */
  readonly pairedApps: readonly { readonly component: string; readonly version: string }[];
  /** Milliseconds since the epoch; null when it was never seen. */
  readonly lastContactAtMs: number | null;
  /** The assignment the device is working on or waiting for; null when it is idle. */
  readonly activeAssignmentId: string | null;
}

export interface FleetArtifact {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly filename: string;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface FleetAttestation {
  /** `sha256:<hex>` of `bytes`. */
  readonly digest: string;
  /** A Sigstore v0.3 bundle over the release statement, as JSON text. */
  readonly bytes: Uint8Array;
}

export interface Assignment {
  /** Idempotency key, unique per rollout, step and direction. At most 128 characters of [A-Za-z0-9._:@-]. */
  readonly id: string;
  readonly component: string;
  readonly version: string;
  /** By hardware model. */
  readonly variants: Readonly<
    Record<string, { readonly digest: string; readonly sizeBytes: number; readonly filename: string }>
  >;
  readonly attestationDigest: string;
  /**
   * Signed releases that say what the versions in the field need, at most `contextsMax`; where they
   * differ the first counts. Absent: the one that proves the image knows all.
   */
  readonly contextDigests?: readonly string[];
  /** True: the way back to a version the device ran before. */
  readonly rollback: boolean;
}

/** How many signed releases an assignment may name for what they say of the field. */
export const contextsMax = 16;

export interface AssignResult {
  readonly assigned: readonly string[];
  readonly refused: readonly { readonly deviceId: string; readonly reason: string }[];
}

export type DeliveryState =
  | "pending" // assigned, the device has not fetched it
  | "retrieved" // the device has seen it
  | "downloading"
  | "installing" // being installed, or on trial
  | "succeeded" // the device closed it as a success; what it runs is `Device.reportedVersion`
  | "failed"
  | "canceled";

export interface DeviceOutcome {
  readonly deviceId: string;
  readonly state: DeliveryState;
  /** What the device said last about it; empty when it said nothing. */
  readonly message: string;
  readonly assignedAtMs: number;
  /** When it succeeded, failed or was canceled; null while open. */
  readonly closedAtMs: number | null;
  /** The version the device last reported, and when it was last seen. */
  readonly reportedVersion: string | null;
  readonly reportedAtMs: number | null;
  readonly lastContactAtMs: number | null;
}

export interface CancelResult {
  /** Closed at once, the device had not begun. */
  readonly canceled: readonly string[];
  /** Asked to cancel; the device decides. */
  readonly requested: readonly string[];
}
