import type { DatabaseSync, StatementSync } from "node:sqlite";
import { brokenLink, chainStart, type Link } from "../../rollout/journal/chain.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import type { RolloutEntry } from "../control/control-api.ts";

interface Row {
  readonly row: number;
  readonly newest: Link;
}

/** The journals of rollouts, record by record. */
export class Rollouts {
  readonly #page: StatementSync;
  readonly #byId: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #hashAt: StatementSync;
  readonly #insertRecord: StatementSync;
  readonly #records: StatementSync;

  constructor(database: DatabaseSync) {
    this.#page = database.prepare(
      "SELECT id, began_at_ms AS beganAtMs FROM rollout WHERE id > ? ORDER BY id LIMIT ?",
    );
    this.#byId = database.prepare(
      "SELECT row, newest_seq AS seq, newest_hash AS hash FROM rollout WHERE id = ?",
    );
    this.#insert = database.prepare(
      "INSERT INTO rollout (id, began_at_ms, newest_seq, newest_hash) VALUES (?, ?, 0, '') RETURNING row",
    );
    this.#update = database.prepare("UPDATE rollout SET newest_seq = ?, newest_hash = ? WHERE row = ?");
    this.#hashAt = database.prepare("SELECT hash FROM rollout_record WHERE rollout_row = ? AND seq = ?");
    this.#insertRecord = database.prepare(
      "INSERT INTO rollout_record (rollout_row, seq, hash, content) VALUES (?, ?, ?, ?)",
    );
    this.#records = database.prepare(
      "SELECT content FROM rollout_record WHERE rollout_row = ? AND seq >= ? ORDER BY seq LIMIT ?",
    );
  }

  /** By id. */
  page(after: string, limit: number): RolloutEntry[] {
    return this.#page.all(after, limit).map((row) => ({ ...row }) as unknown as RolloutEntry);
  }

  find(id: string): Row | null {
    const found = this.#byId.get(id) as ({ row: number } & Link) | undefined;
    return found ? { row: found.row, newest: { seq: found.seq, hash: found.hash } } : null;
  }

  /** Records from a number on: at least one where there is one, else no more than `charsMax` hold. */
  records(row: number, fromSeq: number, limit: number, charsMax: number): string[] {
    const found: string[] = [];
    let chars = 0;
    for (const { content } of this.#records.iterate(row, fromSeq, limit) as Iterable<{ content: string }>) {
      chars += content.length;
      if (found.length > 0 && chars > charsMax) break;
      found.push(content);
    }
    return found;
  }

  /**
   * Writes a record behind the newest; the first makes the rollout. `present` when it is there
   * already, `taken` when another is; otherwise why it cannot stand there, in words.
   */
  append(
    id: string,
    record: JournalRecord,
    content: string,
  ): "appended" | "present" | "taken" | { problem: string } {
    const rollout = this.find(id);
    const there = rollout && (this.#hashAt.get(rollout.row, record.seq) as { hash: string } | undefined);
    if (there) return there.hash === record.hash ? "present" : "taken";
    const problem = brokenLink(rollout?.newest ?? chainStart, record);
    if (problem !== null) return { problem };
    const row = rollout?.row ?? Number(this.#insert.get(id, record.at)?.["row"]);
    this.#insertRecord.run(row, record.seq, record.hash, content);
    this.#update.run(record.seq, record.hash, row);
    return "appended";
  }
}
