import type { DatabaseSync, StatementSync } from "node:sqlite";

/** No lease is taken for longer, so one that seems to be is of a clock that was set back. */
export const leaseMsMax = 3_600_000;

/** Who may do something alone, and until when. */
export class Leases {
  readonly #byName: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#byName = database.prepare("SELECT holder, until_ms AS untilMs FROM lease WHERE name = ?");
    this.#put = database.prepare(
      `INSERT INTO lease (name, holder, until_ms) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms`,
    );
    this.#delete = database.prepare("DELETE FROM lease WHERE name = ? AND holder = ?");
  }

  /** Takes the lease, holds it for longer, or lets go of it (`holdMs` 0); false while another holds it. */
  take(name: string, holder: string, nowMs: number, holdMs: number): boolean {
    const held = this.#byName.get(name) as { holder: string; untilMs: number } | undefined;
    const isOver = !held || held.untilMs <= nowMs || held.untilMs > nowMs + leaseMsMax;
    if (!isOver && held.holder !== holder) return false;
    if (holdMs === 0) this.#delete.run(name, holder);
    else this.#put.run(name, holder, nowMs + holdMs);
    return true;
  }
}
