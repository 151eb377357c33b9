import { hash } from "node:crypto";
import { canonicalJson } from "../../base/canonical-json.ts";
import { IotctlError } from "../../base/errors.ts";
import { journalDamaged } from "./journal-damaged.ts";
import type { JournalEntry, JournalRecord } from "./journal.ts";
import { unknownToUs } from "./known-events.ts";

/** What the next record holds on to. */
export type Link = Pick<JournalRecord, "seq" | "hash">;

/** What the first record follows. */
export const chainStart: Link = { seq: 0, hash: "0".repeat(64) };

/** The record that follows `last` in the chain. */
export function chainRecord(last: Link | undefined, entry: JournalEntry): JournalRecord {
  const { seq, hash: prev } = last ?? chainStart;
  const body = { ...entry, seq: seq + 1, prev };
  return { ...body, hash: hashOf(body) };
}

/** One line of a journal file for each record. */
export function formatRecord(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The record that a text holds, its place in a chain unchecked; null when it holds none. */
export function recordIn(text: string): JournalRecord | null {
  try {
    const record = JSON.parse(text) as Partial<JournalRecord> | null;
    const isRecord = typeof record?.hash === "string" && typeof record.event?.type === "string";
    return isRecord ? (record as JournalRecord) : null;
  } catch {
    return null;
  }
}

/** Why a record cannot stand behind this one, in words; null when it can. */
export function brokenLink(after: Link, record: JournalRecord): string | null {
  const { hash: found, ...body } = record;
  if (record.seq !== after.seq + 1) return `it is number ${record.seq}, expected ${after.seq + 1}`;
  if (record.prev !== after.hash) return "it does not follow the record before it";
  return hashOf(body) === found ? null : "its content is not what its hash says";
}

/**
 * The record that stands behind `after` in the journal `source`. Throws IOT_JOURNAL_DAMAGED when the
 * text is not that, and IOT_JOURNAL_NEWER when a later iotctl wrote it.
 */
export function readRecord(text: string, after: Link, source: string): JournalRecord {
  const record = recordIn(text);
  if (record === null) throw journalDamaged(source, after.seq + 1, "it cannot be read");
  const problem = brokenLink(after, record);
  if (problem !== null) throw journalDamaged(source, after.seq + 1, problem);
  const unknown = unknownToUs(record.event);
  if (unknown !== null) {
    throw new IotctlError(
      "IOT_JOURNAL_NEWER",
      `Record ${record.seq} of ${source} holds ${unknown}, which this iotctl does not know.`,
      {
        hints: ["Install the iotctl that wrote it: npm install --global iotctl@latest"],
        details: { source, record: record.seq },
      },
    );
  }
  return record;
}

/**
 * Reads lines back and checks the chain: a record that was edited, moved or taken out is named. What
 * follows the last line feed was never acknowledged (a crash in the middle of a write) and is left out.
 */
export function parseRecords(text: string, source: string): { records: JournalRecord[]; wholeBytes: number } {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const records: JournalRecord[] = [];
  for (const line of whole.split("\n").slice(0, -1)) {
    records.push(readRecord(line, records.at(-1) ?? chainStart, source));
  }
  return { records, wholeBytes: Buffer.byteLength(whole) };
}

function hashOf(body: Omit<JournalRecord, "hash">): string {
  return hash("sha256", canonicalJson(body), "hex");
}
