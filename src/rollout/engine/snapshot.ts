import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";

/** What the backends say at one moment. */
export interface Snapshot {
  readonly devices: readonly Device[];
  /** By assignment id. */
  readonly outcomes: Readonly<Record<string, readonly DeviceOutcome[]>>;
  /** Users by app component and version; null where the store cannot tell. */
  readonly installed: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
}
