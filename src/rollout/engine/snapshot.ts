import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";
import type { MetricReading } from "./metric-reading.ts";

/** What the backends say at one moment. */
export interface Snapshot {
  readonly devices: readonly Device[];
  /** By assignment id. */
  readonly outcomes: Readonly<Record<string, readonly DeviceOutcome[]>>;
  /** Users by app component and version; null where the store cannot tell. */
  readonly installed: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
  /** What was measured, by gate; absent when nothing was due. */
  readonly readings?: Readonly<Record<string, MetricReading>>;
}
