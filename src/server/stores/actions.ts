import type { DatabaseSync, StatementSync } from "node:sqlite";
import { nextActionId } from "../../ddi/action-id.ts";
import type { DeliveryState } from "../../fleet/fleet-backend.ts";

/** One device's share of an assignment. */
export interface ActionRecord {
  /** The action id on the wire. */
  readonly id: number;
  readonly assignmentRow: number;
  readonly deviceId: string;
  /** The variant that the device was given. */
  readonly hardware: string;
  readonly state: DeliveryState;
  /** Whether the device is asked to cancel. */
  readonly canceling: boolean;
  readonly message: string;
  readonly assignedAtMs: number;
  readonly closedAtMs: number | null;
}

/** An action beside what its device says of itself. */
export interface OutcomeRecord extends ActionRecord {
  readonly deviceRow: number;
  readonly reportedVersion: string | null;
  readonly reportedAtMs: number | null;
}

const columns = `a.id, a.assignment_row AS assignmentRow, a.device_id AS deviceId, a.hardware, a.state, a.canceling,
  a.message, a.assigned_at_ms AS assignedAtMs, a.closed_at_ms AS closedAtMs`;

export class Actions {
  readonly #last: StatementSync;
  readonly #byId: StatementSync;
  readonly #openOf: StatementSync;
  readonly #inAssignment: StatementSync;
  readonly #outcomes: StatementSync;
  readonly #openPage: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor(database: DatabaseSync) {
    this.#last = database.prepare("SELECT max(id) AS id FROM action");
    this.#byId = database.prepare(`SELECT ${columns} FROM action a WHERE id = ?`);
    this.#openOf = database.prepare(
      `SELECT ${columns} FROM action a WHERE device_id = ? AND closed_at_ms IS NULL`,
    );
    this.#inAssignment = database.prepare(
      `SELECT ${columns} FROM action a WHERE assignment_row = ? AND device_id = ?`,
    );
    this.#outcomes = database.prepare(
      `SELECT ${columns}, d.row AS deviceRow, d.reported_version AS reportedVersion, d.reported_at_ms AS reportedAtMs
         FROM action a JOIN device d ON d.id = a.device_id
         WHERE a.assignment_row = ? AND a.device_id > ? ORDER BY a.device_id LIMIT ?`,
    );
    this.#openPage = database.prepare(
      `SELECT ${columns} FROM action a
         WHERE assignment_row = ? AND device_id > ? AND closed_at_ms IS NULL ORDER BY device_id LIMIT ?`,
    );
    this.#insert = database.prepare(
      "INSERT INTO action (id, assignment_row, device_id, hardware, assigned_at_ms) VALUES (?, ?, ?, ?, ?)",
    );
    this.#update = database.prepare(
      "UPDATE action SET state = ?, canceling = ?, message = ?, closed_at_ms = ? WHERE id = ?",
    );
  }

  byId(id: number): ActionRecord | null {
    return readAction(this.#byId.get(id));
  }

  /** The device's one action that is not closed. */
  openOf(deviceId: string): ActionRecord | null {
    return readAction(this.#openOf.get(deviceId));
  }

  inAssignment(assignmentRow: number, deviceId: string): ActionRecord | null {
    return readAction(this.#inAssignment.get(assignmentRow, deviceId));
  }

  /** Actions of an assignment in the order of their device ids. */
  outcomes(assignmentRow: number, after: string, limit: number): readonly OutcomeRecord[] {
    return this.#outcomes.all(assignmentRow, after, limit).map((row) => readAction(row) as OutcomeRecord);
  }

  openInAssignment(assignmentRow: number, after: string, limit: number): readonly ActionRecord[] {
    return this.#openPage.all(assignmentRow, after, limit).map((row) => readAction(row) as ActionRecord);
  }

  insert(action: Pick<ActionRecord, "assignmentRow" | "deviceId" | "hardware" | "assignedAtMs">): void {
    const last = this.#last.get() as { id: number | null };
    this.#insert.run(
      nextActionId(last.id),
      action.assignmentRow,
      action.deviceId,
      action.hardware,
      action.assignedAtMs,
    );
  }

  update(action: Pick<ActionRecord, "id" | "state" | "canceling" | "message" | "closedAtMs">): void {
    this.#update.run(action.state, action.canceling ? 1 : 0, action.message, action.closedAtMs, action.id);
  }
}

function readAction(row: object | undefined): ActionRecord | null {
  if (!row) return null;
  const raw = row as Omit<ActionRecord, "canceling"> & { readonly canceling: number };
  return { ...raw, canceling: raw.canceling === 1 };
}
