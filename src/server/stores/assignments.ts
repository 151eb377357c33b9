import type { DatabaseSync, StatementSync } from "node:sqlite";
import { canonicalJson } from "../../base/canonical-json.ts";
import type { Assignment } from "../../fleet/fleet-backend.ts";

export type AssignmentContent = Omit<Assignment, "id">;

export class Assignments {
  readonly #byId: StatementSync;
  readonly #byRow: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#byId = database.prepare("SELECT row, content FROM assignment WHERE id = ?");
    this.#byRow = database.prepare("SELECT id, content FROM assignment WHERE row = ?");
    this.#insert = database.prepare("INSERT INTO assignment (id, content) VALUES (?, ?) RETURNING row");
  }

  /** The assignment's row; null when there is none. */
  rowOf(id: string): number | null {
    return (this.#byId.get(id) as { row: number } | undefined)?.row ?? null;
  }

  byRow(row: number): Assignment {
    const { id, content } = this.#byRow.get(row) as { id: string; content: string };
    return { id, ...(JSON.parse(content) as AssignmentContent) };
  }

  /** The row of the assignment, made when it is new; null when the id stands for another content. */
  ensure(id: string, content: AssignmentContent): number | null {
    const text = canonicalJson(content);
    const existing = this.#byId.get(id) as { row: number; content: string } | undefined;
    if (existing) return existing.content === text ? existing.row : null;
    return Number(this.#insert.get(id, text)?.["row"]);
  }
}
