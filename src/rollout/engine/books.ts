import type { DeviceProgress, RolloutState } from "./state.ts";
import { countDevice, emptyCounts, type Tally, tallyFrom, tallyOf, type TallyCounts } from "./tally.ts";

export type ByDevice = Readonly<Record<string, DeviceProgress>>;

/**
 * How the books of devices are written. The usual way copies them, so that every state stays as it
 * was; a fold that nobody else looks at writes in place, and counts along.
 */
export interface Books {
  /** The books with some entries anew; null takes one out. */
  write(devices: ByDevice, changes: Readonly<Record<string, DeviceProgress | null>>): ByDevice;
  tally(state: RolloutState): Tally;
}

/** Leaves what it is given untouched. */
export const copiedBooks: Books = {
  write(devices, changes) {
    if (Object.keys(changes).length === 0) return devices;
    const next: Record<string, DeviceProgress> = { ...devices };
    apply(next, changes);
    return next;
  },
  tally: tallyOf,
};

/** Writes into the very books it is given: for a fold, whose earlier states are nobody's. */
export class OwnBooks implements Books {
  /** The books whose entries are counted along: those of the way forward. */
  #devices: ByDevice | null = null;
  #counts: TallyCounts = emptyCounts();

  write(devices: ByDevice, changes: Readonly<Record<string, DeviceProgress | null>>): ByDevice {
    const isCounted = devices === this.#devices;
    if (isCounted) {
      for (const [deviceId, after] of Object.entries(changes)) {
        const before = Object.hasOwn(devices, deviceId) ? devices[deviceId] : undefined;
        if (before) countDevice(this.#counts, before, -1);
        if (after) countDevice(this.#counts, after, 1);
      }
    }
    apply(devices as Record<string, DeviceProgress>, changes);
    return devices;
  }

  tally({ devices }: RolloutState): Tally {
    if (devices !== this.#devices) {
      this.#devices = devices;
      this.#counts = emptyCounts();
      for (const device of Object.values(devices)) countDevice(this.#counts, device, 1);
    }
    return tallyFrom(this.#counts);
  }
}

function apply(
  devices: Record<string, DeviceProgress>,
  changes: Readonly<Record<string, DeviceProgress | null>>,
): void {
  for (const [deviceId, progress] of Object.entries(changes)) {
    if (progress === null) delete devices[deviceId];
    else devices[deviceId] = progress;
  }
}
