import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DeviceEvent } from "../control/control-api.ts";

const keptPerDevice = 500;
const shownPerDevice = 200;

/** What happened to each device, the latest events only. */
export class Events {
  readonly #insert: StatementSync;
  readonly #prune: StatementSync;
  readonly #latest: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      "INSERT INTO event (device_row, at_ms, kind, assignment_id, message) VALUES (?, ?, ?, ?, ?)",
    );
    this.#prune = database.prepare(
      `DELETE FROM event WHERE device_row = ?1 AND id <=
         (SELECT id FROM event WHERE device_row = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${keptPerDevice})`,
    );
    this.#latest = database.prepare(
      `SELECT at_ms AS atMs, kind, assignment_id AS assignmentId, message FROM event
         WHERE device_row = ? ORDER BY id DESC LIMIT ${shownPerDevice}`,
    );
  }

  append(deviceRow: number, event: DeviceEvent): void {
    this.#insert.run(deviceRow, event.atMs, event.kind, event.assignmentId, event.message);
    this.#prune.run(deviceRow);
  }

  /** Oldest first. */
  latest(deviceRow: number): DeviceEvent[] {
    return this.#latest
      .all(deviceRow)
      .map((row) => ({ ...row }) as unknown as DeviceEvent)
      .toReversed();
  }
}
