import { hash } from "node:crypto";
import { canonicalJson } from "../../base/canonical-json.ts";
import { IotctlError } from "../../base/errors.ts";
import type { JournalEntry, JournalRecord } from "./journal.ts";

const firstPrev = "0".repeat(64);

/** The record that follows `last` in the chain. */
export function chainRecord(last: JournalRecord | undefined, entry: JournalEntry): JournalRecord {
  const body = { ...entry, seq: (last?.seq ?? 0) + 1, prev: last?.hash ?? firstPrev };
  return { ...body, hash: hashOf(body) };
}

/** One line of a journal file for each record. */
export function formatRecord(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/**
 * Reads lines back and checks the chain: a record that was edited, moved or taken out is named. What
 * follows the last line feed was never acknowledged (a crash in the middle of a write) and is left out.
 */
export function parseRecords(text: string, source: string): { records: JournalRecord[]; wholeBytes: number } {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const records: JournalRecord[] = [];
  for (const [index, line] of whole.split("\n").slice(0, -1).entries()) {
    const record = parseRecord(line);
    const last = records.at(-1);
    const problem = record === null ? "it cannot be read" : brokenLink(last, record);
    if (problem !== null || record === null) {
      throw new IotctlError(
        "IOT_JOURNAL_DAMAGED",
        `Record ${index + 1} of ${source} does not fit the chain: ${problem}.`,
        {
          hints: ["Restore the journal from a backup; nothing is decided on a journal that was changed"],
          details: { source, record: index + 1 },
        },
      );
    }
    records.push(record);
  }
  return { records, wholeBytes: Buffer.byteLength(whole) };
}

function parseRecord(line: string): JournalRecord | null {
  try {
    const record: unknown = JSON.parse(line);
    return record !== null && typeof record === "object" && "hash" in record
      ? (record as JournalRecord)
      : null;
  } catch {
    return null;
  }
}

function brokenLink(last: JournalRecord | undefined, record: JournalRecord): string | null {
  const { hash: found, ...body } = record;
  if (record.seq !== (last?.seq ?? 0) + 1)
    return `it is number ${record.seq}, expected ${(last?.seq ?? 0) + 1}`;
  if (record.prev !== (last?.hash ?? firstPrev)) return "it does not follow the record before it";
  if (hashOf(body) !== found) return "its content is not what its hash says";
  return null;
}

function hashOf(body: Omit<JournalRecord, "hash">): string {
  return hash("sha256", canonicalJson(body), "hex");
}
