import type { Device } from "../../fleet/fleet-backend.ts";

/**
 * The JSON of the control API where it is not a type of the fleet port itself: devices, outcomes,
 * assign and cancel results travel as `fleet-backend.ts` has them.
 */
export interface NewDevice {
  readonly id: string;
  readonly hardware?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Answer to a registration, the only time that the token is shown. */
export interface RegisteredDevice {
  readonly id: string;
  readonly token: string;
}

export type DeviceEventKind =
  | "registered"
  | "labels"
  | "reported" // the device says it runs another version than before
  | "assigned"
  | "retrieved"
  | "feedback"
  | "cancel-requested"
  | "cancel-refused"
  | "staged" // the image is on the device, which goes on running what it ran
  | "succeeded"
  | "failed"
  | "canceled";

export interface DeviceEvent {
  readonly atMs: number;
  readonly kind: DeviceEventKind;
  readonly assignmentId: string | null;
  readonly message: string;
}

export interface DeviceDetail {
  readonly device: Device;
  readonly attributes: Readonly<Record<string, string>>;
  /** The latest events, oldest first. */
  readonly history: readonly DeviceEvent[];
}

/** Labels to set; null removes one. */
export type LabelChanges = Readonly<Record<string, string | null>>;

/** A rollout whose journal the server keeps. */
export interface RolloutEntry {
  readonly id: string;
  readonly beganAtMs: number;
}

/** Records of a journal from a number on, as many as fit into one answer. */
export interface RecordPage {
  /** Each the JSON text of a record, as it was appended. */
  readonly records: readonly string[];
  readonly newest: { readonly seq: number; readonly hash: string };
}

/** Body of a request for a lease: how long to hold it from now, 0 to let go of it. */
export interface LeaseRequest {
  readonly holder: string;
  readonly holdMs: number;
}

/** Largest record of a journal that the server takes. */
export const recordBytesMax = 16 * 1024 * 1024;

/** Body of every answer of the control API that is not a success. */
export interface ControlError {
  readonly error: { readonly code: string; readonly message: string };
}
