import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parsePairedApps } from "../../ddi/paired-apps.ts";
import { deviceAttribute } from "../../ddi/wire.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { Contacts } from "./contacts.ts";

export type TextMap = Readonly<Record<string, string>>;

export interface DeviceRecord {
  readonly row: number;
  readonly id: string;
  readonly tokenHash: string;
  readonly hardware: string;
  readonly labels: TextMap;
  readonly attributes: TextMap;
  readonly reportedVersion: string | null;
  readonly reportedAtMs: number | null;
  /** Whether the device is asked to say what it is and runs. */
  readonly asksAttributes: boolean;
  /** The action that brought what the device took last. */
  readonly installedAction: number | null;
  /** The assignment whose action is open. */
  readonly activeAssignmentId: string | null;
}

const columns = `d.row, d.id, d.token_sha256 AS tokenHash, d.hardware, d.labels, d.attributes,
  d.reported_version AS reportedVersion, d.reported_at_ms AS reportedAtMs, d.asks_attributes AS asksAttributes,
  d.installed_action AS installedAction, s.id AS activeAssignmentId`;
const tables = `device d
  LEFT JOIN action a ON a.device_id = d.id AND a.closed_at_ms IS NULL
  LEFT JOIN assignment s ON s.row = a.assignment_row`;

export class Devices {
  readonly #contacts: Contacts;
  readonly #byId: StatementSync;
  readonly #page: StatementSync;
  readonly #insert: StatementSync;
  readonly #labels: StatementSync;
  readonly #report: StatementSync;
  readonly #installed: StatementSync;
  readonly #ask: StatementSync;

  constructor(database: DatabaseSync, contacts: Contacts) {
    this.#contacts = contacts;
    this.#byId = database.prepare(`SELECT ${columns} FROM ${tables} WHERE d.id = ?`);
    this.#page = database.prepare(`SELECT ${columns} FROM ${tables} WHERE d.id > ? ORDER BY d.id LIMIT ?`);
    this.#insert = database.prepare(
      "INSERT INTO device (id, token_sha256, hardware, labels) VALUES (?, ?, ?, ?) RETURNING row",
    );
    this.#labels = database.prepare("UPDATE device SET labels = ? WHERE row = ?");
    this.#report = database.prepare(
      `UPDATE device SET attributes = ?, hardware = ?, reported_version = ?, reported_at_ms = ?, asks_attributes = 0
         WHERE row = ?`,
    );
    this.#installed = database.prepare("UPDATE device SET installed_action = ? WHERE id = ?");
    this.#ask = database.prepare("UPDATE device SET asks_attributes = 1 WHERE id = ?");
  }

  byId(id: string): DeviceRecord | null {
    const row = this.#byId.get(id);
    return row ? readRecord(row) : null;
  }

  /** Devices after `after`, in the order of their ids. */
  page(after: string, limit: number): readonly DeviceRecord[] {
    return this.#page.all(after, limit).map(readRecord);
  }

  /** The new device's row. */
  insert(device: Pick<DeviceRecord, "id" | "tokenHash" | "hardware" | "labels">): number {
    const inserted = this.#insert.get(
      device.id,
      device.tokenHash,
      device.hardware,
      JSON.stringify(device.labels),
    );
    return Number(inserted?.["row"]);
  }

  setLabels(row: number, labels: TextMap): void {
    this.#labels.run(JSON.stringify(labels), row);
  }

  /** Keeps what a device said about itself, and stops asking it. */
  setReport(
    row: number,
    report: Pick<DeviceRecord, "attributes" | "hardware" | "reportedVersion" | "reportedAtMs">,
  ): void {
    const { attributes, hardware, reportedVersion, reportedAtMs } = report;
    this.#report.run(JSON.stringify(attributes), hardware, reportedVersion, reportedAtMs, row);
  }

  /** Asks a device what it is and runs now. */
  askAgain(id: string): void {
    this.#ask.run(id);
  }

  /** Remembers the action that a device closed as a success. */
  setInstalled(id: string, action: number): void {
    this.#installed.run(action, id);
  }

  /** The device as the fleet port shows it. */
  view(record: DeviceRecord): Device {
    return {
      id: record.id,
      hardware: record.hardware,
      labels: record.labels,
      reportedVersion: record.reportedVersion,
      pairedApps: parsePairedApps(record.attributes[deviceAttribute.apps] ?? ""),
      lastContactAtMs: this.#contacts.lastMs(record.row),
      activeAssignmentId: record.activeAssignmentId,
    };
  }
}

function readRecord(row: object): DeviceRecord {
  const raw = row as Omit<DeviceRecord, "labels" | "attributes" | "asksAttributes"> & {
    readonly labels: string;
    readonly attributes: string;
    readonly asksAttributes: number;
  };
  return {
    ...raw,
    labels: JSON.parse(raw.labels),
    attributes: JSON.parse(raw.attributes),
    asksAttributes: raw.asksAttributes === 1,
  };
}
