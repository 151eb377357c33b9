import type { DatabaseSync, StatementSync } from "node:sqlite";
import { canonicalJson } from "../../base/canonical-json.ts";
import type { Assignment } from "../../fleet/fleet-backend.ts";

export type AssignmentContent = Omit<Assignment, "id"> & {
  /** Devices only keep the image ready. */
  readonly staged: boolean;
};

export type AssignmentRecord = AssignmentContent & Pick<Assignment, "id">;

interface Row {
  readonly row: number;
  readonly id: string;
  readonly content: string;
  readonly staged: number;
}

export class Assignments {
  readonly #byId: StatementSync;
  readonly #byRow: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#byId = database.prepare("SELECT row, content, staged FROM assignment WHERE id = ?");
    this.#byRow = database.prepare("SELECT id, content, staged FROM assignment WHERE row = ?");
    this.#insert = database.prepare(
      "INSERT INTO assignment (id, content, staged) VALUES (?, ?, ?) RETURNING row",
    );
  }

  /** The assignment's row; null when there is none. */
  rowOf(id: string): number | null {
    return (this.#byId.get(id) as Pick<Row, "row"> | undefined)?.row ?? null;
  }

  byRow(row: number): AssignmentRecord {
    const { id, content, staged } = this.#byRow.get(row) as Omit<Row, "row">;
    return { id, ...(JSON.parse(content) as Omit<Assignment, "id">), staged: staged === 1 };
  }

  /** The row of the assignment, made when it is new; null when the id stands for another content. */
  ensure(id: string, { staged, ...content }: AssignmentContent): number | null {
    const text = canonicalJson(content);
    const existing = this.#byId.get(id) as Omit<Row, "id"> | undefined;
    if (existing)
      return existing.content === text && (existing.staged === 1) === staged ? existing.row : null;
    return Number(this.#insert.get(id, text, staged ? 1 : 0)?.["row"]);
  }
}
