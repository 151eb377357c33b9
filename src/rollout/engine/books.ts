import type { DeviceProgress, RolloutState } from "./state.ts";
import { countDevice, emptyCounts, type Tally, tallyFrom, tallyOf, type TallyCounts } from "./tally.ts";

export type ByDevice = Entries<DeviceProgress>;

/** Something about each of many devices. */
type Entries<Entry> = Readonly<Record<string, Entry>>;

/**
 * How the books of devices are written. The usual way copies them, so that every state stays as it
 * was; a fold that nobody else looks at writes in place, and counts along.
 */
export interface Books {
  /** The books with some entries anew; null takes one out. */
  write<Entry>(books: Entries<Entry>, changes: Entries<Entry | null>): Entries<Entry>;
  tally(state: RolloutState): Tally;
}

/** Leaves what it is given untouched. */
export const copiedBooks: Books = {
  write<Entry>(books: Entries<Entry>, changes: Entries<Entry | null>): Entries<Entry> {
    if (Object.keys(changes).length === 0) return books;
    const next: Record<string, Entry> = { ...books };
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

  write<Entry>(books: Entries<Entry>, changes: Entries<Entry | null>): Entries<Entry> {
    if (isSame(books, this.#devices)) this.#count(this.#devices, changes as Entries<DeviceProgress | null>);
    apply(books as Record<string, Entry>, changes);
    return books;
  }

  #count(devices: ByDevice, changes: Entries<DeviceProgress | null>): void {
    for (const [deviceId, after] of Object.entries(changes)) {
      const before = Object.hasOwn(devices, deviceId) ? devices[deviceId] : undefined;
      if (before) countDevice(this.#counts, before, -1);
      if (after) countDevice(this.#counts, after, 1);
    }
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

function isSame(books: object, devices: ByDevice | null): devices is ByDevice {
  return books === devices;
}

function apply<Entry>(books: Record<string, Entry>, changes: Entries<Entry | null>): void {
  for (const [deviceId, entry] of Object.entries(changes)) {
    if (entry === null) delete books[deviceId];
    else books[deviceId] = entry;
  }
}
