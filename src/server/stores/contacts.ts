import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { GroupCommit } from "../group-commit.ts";

/** One flush writes at most this many, so that it never holds up requests for long. */
const flushRowsMax = 10_000;

/**
 * When each device was last heard. A poll only touches memory; what has changed goes to the disk in
 * batches. A crash loses the last batch at most, and devices that are alive say so again.
 */
export class Contacts {
  readonly #commit: GroupCommit;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  #unsaved = new Map<number, number>();

  constructor(database: DatabaseSync, commit: GroupCommit) {
    this.#commit = commit;
    this.#select = database.prepare("SELECT at_ms FROM contact WHERE device_row = ?");
    this.#upsert = database.prepare(
      "INSERT INTO contact (device_row, at_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms",
    );
  }

  heard(deviceRow: number, atMs: number): void {
    this.#unsaved.set(deviceRow, atMs);
  }

  /** Milliseconds since the epoch; null when the device was never heard. */
  lastMs(deviceRow: number): number | null {
    return (
      this.#unsaved.get(deviceRow) ??
      (this.#select.get(deviceRow) as { at_ms: number } | undefined)?.at_ms ??
      null
    );
  }

  /** Writes what is not saved yet, batch after batch; resolves when it is. */
  async save(): Promise<void> {
    const unsaved = this.#unsaved;
    // In the order of the rows: neighbours share pages, and random order costs ten times as much.
    const rows = [...unsaved].toSorted(([a], [b]) => a - b);
    for (let from = 0; from < rows.length; from += flushRowsMax) {
      const batch = rows.slice(from, from + flushRowsMax);
      await this.#commit.run(() => {
        for (const [row, atMs] of batch) this.#upsert.run(row, atMs);
      });
      for (const [row, atMs] of batch) {
        if (unsaved.get(row) === atMs) unsaved.delete(row);
      }
    }
  }
}
