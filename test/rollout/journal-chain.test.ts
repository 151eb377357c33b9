import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chainRecord, formatRecord, parseRecords } from "../../src/rollout/journal/chain.ts";
import type { JournalEntry, JournalRecord } from "../../src/rollout/journal/journal.ts";
import { thrownBy } from "../support/thrown-by.ts";

const entry = (reason: string, at = 0): JournalEntry => ({
  at,
  event: { type: "paused", by: "ann", reason },
  effects: ["halt:app@4.2.0"],
});

function chainOf(entries: readonly JournalEntry[]): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const each of entries) records.push(chainRecord(records.at(-1), each));
  return records;
}

const textOf = (records: readonly JournalRecord[]): string => records.map(formatRecord).join("");
const damage = (records: readonly JournalRecord[]): Promise<string> =>
  thrownBy(() => parseRecords(textOf(records), "the journal")).then(
    ({ code, message }) => `${code} ${message}`,
  );

describe("the chain of records", () => {
  const entries = fc.array(
    fc.record({
      at: fc.nat(),
      event: fc.record({
        type: fc.constant("paused" as const),
        by: fc.string({ unit: "binary" }),
        reason: fc.string(),
      }),
      effects: fc.array(fc.string()),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it("reads back what was written", () => {
    fc.assert(
      fc.property(entries, (each) => {
        const records = chainOf(each);
        const text = textOf(records);
        expect(parseRecords(text, "it")).toEqual({ records, wholeBytes: Buffer.byteLength(text) });
      }),
    );
  });

  it("drops a torn end, wherever it was torn, and keeps all before it", () => {
    fc.assert(
      fc.property(entries, fc.double({ min: 0, max: 1, noNaN: true }), (each, share) => {
        const records = chainOf(each);
        const bytes = Buffer.from(textOf(records));
        const kept = bytes.subarray(0, Math.floor(bytes.length * share));
        const found = parseRecords(kept.toString("utf8"), "it");
        expect(found.records).toEqual(records.slice(0, found.records.length));
        expect(kept.subarray(0, found.wholeBytes).toString("utf8")).toBe(textOf(found.records));
        expect(kept.subarray(found.wholeBytes).includes("\n")).toBe(false);
      }),
    );
  });

  it("names the record that was edited, moved, taken out, doubled or added by others", async () => {
    const records = chainOf(["a", "b", "c", "d"].map((reason) => entry(reason)));
    const [first, second, third, fourth] = records;
    if (!first || !second || !third || !fourth) throw new Error("there are four");
    const edited = { ...second, event: { type: "paused" as const, by: "eve", reason: "b" } };
    expect(await damage([first, edited, third])).toMatch(/^IOT_JOURNAL_DAMAGED Record 2 .*its content/);
    expect(await damage([first, third, second])).toMatch(/Record 2 .*number 3, expected 2/);
    expect(await damage([first, third, fourth])).toMatch(/Record 2 /);
    expect(await damage([second, third])).toMatch(/Record 1 /);
    expect(await damage([first, second, second])).toMatch(/Record 3 .*number 2, expected 3/);
    const forged = { ...chainRecord(undefined, entry("x")), seq: 2 };
    expect(await damage([first, forged])).toMatch(/Record 2 .*does not follow/);
    const rehashed = { ...chainRecord(first, entry("x")), hash: "0".repeat(64) };
    expect(await damage([first, rehashed])).toMatch(/Record 2 .*its content/);
  });

  it("finds every single change of a byte", () => {
    const records = chainOf([entry("a"), entry("b"), entry("c")]);
    const bytes = Buffer.from(textOf(records));
    const untouched = JSON.stringify(records);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      let found: string;
      try {
        found = JSON.stringify(parseRecords(changed.toString("latin1"), "it").records);
      } catch {
        continue;
      }
      // Without its line feed the last record counts as torn.
      expect(at === bytes.length - 1 ? found : untouched).not.toBe(
        at === bytes.length - 1 ? untouched : found,
      );
    }
  });

  it("does not read what is no record", async () => {
    for (const line of ["", "null", "[]", "{}", "not json", '{"hash":1}']) {
      const error = await thrownBy(() => parseRecords(`${line}\n`, "it"));
      expect(error.code).toBe("IOT_JOURNAL_DAMAGED");
    }
    expect(parseRecords("", "it")).toEqual({ records: [], wholeBytes: 0 });
  });

  it("does not pass over what a later iotctl wrote", async () => {
    const started = (rulesVersion: unknown): JournalEntry =>
      ({
        at: 0,
        event: { type: "started", config: { rulesVersion } },
        effects: [],
      }) as unknown as JournalEntry;
    for (const known of [undefined, 1, 2, 3]) {
      expect(parseRecords(textOf(chainOf([started(known)])), "it").records).toHaveLength(1);
    }
    expect(await damage(chainOf([started(99)]))).toBe(
      "IOT_JOURNAL_NEWER Record 1 of the journal holds rules of version 99, which this iotctl does not know.",
    );
    const inherited = { at: 0, event: { type: "constructor" }, effects: [] } as unknown as JournalEntry;
    expect(await damage(chainOf([entry("a"), inherited]))).toMatch(
      /^IOT_JOURNAL_NEWER Record 2 .*"constructor"/,
    );
    // Damage comes first: what was edited may say anything.
    const [edited] = chainOf([inherited]);
    expect(await damage([{ ...edited!, at: 1 }])).toMatch(/^IOT_JOURNAL_DAMAGED/);
  });
});
