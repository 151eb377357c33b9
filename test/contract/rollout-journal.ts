import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainRecord, chainStart, formatRecord } from "../../src/rollout/journal/chain.ts";
import type {
  JournalEntry,
  JournalRecord,
  RolloutJournal,
  RolloutJournals,
} from "../../src/rollout/journal/journal.ts";
import { thrownBy } from "../support/thrown-by.ts";

/** What an adapter shows of itself to the contract suite. */
export interface JournalsUnderTest {
  /** Every call is another process that uses the same journals. Where it waits, `ImpatientClock` lets it. */
  connect(): RolloutJournals;
  /**
   * Changes what is stored of a rollout behind everybody's back: takes the texts of its records and
   * stores those it is given. Null where a reader trusts what is stored.
   */
  readonly tamper:
    | ((rolloutId: string, change: (texts: readonly string[]) => readonly string[]) => void | Promise<void>)
    | null;
  /** Lets every turn that is held run out, as if its holder had been frozen. Null where a turn lasts as long as its process. */
  readonly runOut: (() => void | Promise<void>) | null;
}

export interface JournalsTraits {
  /** Whether it is noticed that the newest records are gone, which a chain alone does not tell. */
  readonly noticesLostEnd: boolean;
}

/** What every RolloutJournals must do. `open` makes an empty place for each test. */
export function rolloutJournalContract(
  name: string,
  open: () => JournalsUnderTest | Promise<JournalsUnderTest>,
  { noticesLostEnd }: JournalsTraits,
): void {
  describe(`${name} keeps the contract of rollout journals`, () => {
    test("gives back what was appended, to everybody, whole or behind a record", async () => {
      const place = await open();
      const [journal, records] = await journalOf(place, 'a "quoted"\n\u2028\u{1f300} \ud800', "b", "c");
      const others = place.connect().open("fan");
      for (const reader of [journal, others]) {
        expect(await reader.read()).toEqual(records);
        for (const [index, record] of records.entries()) {
          expect(await reader.read(record)).toEqual(records.slice(index + 1));
        }
      }
      expect(journal.rolloutId).toBe("fan");
      expect(others.rolloutId).toBe("fan");
    });

    test("lets one of two records behind the same one in, and the other writes nothing", async () => {
      const place = await open();
      const [one, [first]] = await journalOf(place, "a");
      const other = place.connect().open("fan");
      await other.read();
      const [mine, theirs] = [next(first, "mine"), next(first, "theirs")];
      expect(await one.append(mine)).toBe(true);
      expect(await other.append(theirs)).toBe(false);
      expect(await other.read(first)).toEqual([mine]);
      const behind = next(mine, "theirs");
      expect(await other.append(behind)).toBe(true);
      expect(await one.read()).toEqual([first, mine, behind]);
    });

    test("takes the same record again as one that is there", async () => {
      const place = await open();
      const [journal, [first]] = await journalOf(place, "a");
      const [second, third] = [next(first, "b"), next(next(first, "b"), "c")];
      expect(await journal.append(second)).toBe(true);
      expect(await journal.append(second)).toBe(true);
      expect(await place.connect().open("fan").append(second)).toBe(true);
      expect(await journal.append(third)).toBe(true);
      expect(await journal.append(second)).toBe(true);
      expect(await journal.append(first)).toBe(true);
      expect(await journal.append(next(first, "other"))).toBe(false);
      expect(await journal.read()).toEqual([first, second, third]);
    });

    test("takes no record that leaves a gap", async () => {
      const place = await open();
      const [journal, [first]] = await journalOf(place, "a");
      const third = next(next(first, "never written"), "c");
      expect((await thrownBy(() => journal.append(third))).code).toBe("IOT_JOURNAL_DAMAGED");
      expect(await place.connect().open("fan").read()).toEqual([first]);
    });

    test("gives one turn with a rollout at a time, while everybody may read and append", async () => {
      const place = await open();
      const [journal, [first]] = await journalOf(place, "a");
      await place.connect().create("other", entry("a"));
      const others = place.connect();
      const result = await journal.turn(async (hold) => {
        for (const second of [others.open("fan"), journal]) {
          const refused = await thrownBy(() => second.turn(() => Promise.reject(new Error("two turns"))));
          expect(refused.code).toBe("IOT_ROLLOUT_LOCKED");
          expect(refused.message).toContain("fan");
        }
        expect(await others.open("other").turn(async () => "of its own")).toBe("of its own");
        expect(await others.open("fan").append(next(first, "b"))).toBe(true);
        hold.assertHeld();
        return (await journal.read(first)).length;
      });
      expect(result).toBe(1);
      expect(await others.open("fan").turn(async () => "free")).toBe("free");
    });

    test("gives the turn to the next when the work of one fails", async () => {
      const place = await open();
      const [journal] = await journalOf(place, "a");
      await expect(journal.turn(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
      expect(
        await place
          .connect()
          .open("fan")
          .turn(async () => "free"),
      ).toBe("free");
    });

    test("tells who lost the turn, and gives it to another", async (context) => {
      const place = await open();
      if (place.runOut === null) return context.skip("a turn ends with its process alone");
      const { runOut } = place;
      const [journal] = await journalOf(place, "a");
      const others = place.connect().open("fan");
      await journal.turn(async (hold) => {
        hold.assertHeld();
        await runOut();
        expect((await thrownBy(async () => hold.assertHeld())).code).toBe("IOT_ROLLOUT_LOCKED");
        await others.turn(async (theirs) => {
          theirs.assertHeld();
          expect((await thrownBy(async () => hold.assertHeld())).code).toBe("IOT_ROLLOUT_LOCKED");
        });
      });
      expect(await others.turn(async () => "free")).toBe("free");
    });

    test("begins a rollout once", async () => {
      const place = await open();
      const [, records] = await journalOf(place, "a");
      for (const reason of ["a", "b"]) {
        const again = await thrownBy(() => place.connect().create("fan", entry(reason)));
        expect(again.code).toBe("IOT_ROLLOUT_EXISTS");
      }
      expect(await place.connect().open("fan").read()).toEqual(records);
    });

    test("lists rollouts in the order in which they began", async () => {
      const place = await open();
      const journals = place.connect();
      expect(await journals.list()).toEqual([]);
      for (const [id, at] of [
        ["later", 2_000_000_000_000],
        ["earlier", 1],
        ["b-at_once.1+x@y", 2_000_000_000_000],
      ] as const) {
        await journals.create(id, entry("a", at));
      }
      await journals.open("earlier").append(next(chainRecord(undefined, entry("a", 1)), "b"));
      expect(await place.connect().list()).toEqual(["earlier", "b-at_once.1+x@y", "later"]);
    });

    test("lists one that cannot be read beside the others, and reads those", async () => {
      const place = await open();
      if (place.tamper === null) return;
      const journals = place.connect();
      const [, records] = await journalOf(place, "a", "b");
      for (const [id, at] of [
        ["z", 2],
        ["late", 3],
      ] as const)
        await journals.create(id, entry("a", at));
      expect(await journals.first("fan")).toEqual(records[0]);
      await place.tamper("fan", ([a, b]) => [a!, b!.replace("ann", "eve")]);
      expect(await place.connect().first("fan")).toEqual(records[0]);
      await place.tamper("fan", ([a, b]) => [a!.replace("ann", "eve"), b!]);
      const listed = await place.connect().list();
      expect(listed.toSorted()).toEqual(["fan", "late", "z"]);
      expect(listed.filter((id) => id !== "fan")).toEqual(["z", "late"]);
      for (const read of [() => journals.first("fan"), () => journals.open("fan").read()]) {
        expect((await thrownBy(read)).code).toBe("IOT_JOURNAL_DAMAGED");
      }
      expect(await journals.open("z").read()).toHaveLength(1);
      for (const id of ["none", "..", ""]) {
        const unknown = await thrownBy(async () => journals.first(id));
        expect(unknown.code, id).toBe("IOT_ROLLOUT_UNKNOWN");
      }
    });

    test("lets one begin at a time, and others wait for a bounded time", async () => {
      const place = await open();
      const [one, other] = [place.connect(), place.connect()];
      const result = await one.exclusively(async () => {
        const refused = await thrownBy(() => other.exclusively(() => Promise.reject(new Error("two begin"))));
        expect(refused.code).toBe("IOT_ROLLOUT_LOCKED");
        return "done";
      });
      expect(result).toBe("done");
      await expect(other.exclusively(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
      expect(await one.exclusively(async () => "free")).toBe("free");
    });

    test("knows no rollout that never began", async () => {
      const place = await open();
      await journalOf(place, "a");
      for (const id of ["none", "", ".", "..", "../fan", "fan/..", "a b", "__proto__", "x".repeat(300)]) {
        const unknown = await thrownBy(async () => place.connect().open(id).read());
        expect(unknown.code, id).toBe("IOT_ROLLOUT_UNKNOWN");
      }
    });

    test("keeps one whole chain while many append at once", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
          async (counts) => {
            const place = await open();
            const [journal] = await journalOf(place, "a");
            await Promise.all(
              counts.map((count, writer) => appendEach(place.connect().open("fan"), writer, count)),
            );
            const records = await journal.read();
            const written = counts.flatMap((count, writer) =>
              Array.from({ length: count }, (_, index) => `${writer}: ${index}`),
            );
            expect(records.slice(1).map(reasonOf).toSorted()).toEqual(written.toSorted());
            let last: JournalRecord | undefined;
            for (const record of records) {
              expect([record.seq, record.prev]).toEqual(
                last ? [last.seq + 1, last.hash] : [1, chainStart.hash],
              );
              last = record;
            }
          },
        ),
        { numRuns: 4 },
      );
    });

    test.each<[string, number, (texts: readonly string[]) => readonly string[]]>([
      ["edited", 2, ([a, b, ...rest]) => [a!, b!.replace("ann", "eve"), ...rest]],
      ["moved", 2, ([a, b, c, ...rest]) => [a!, c!, b!, ...rest]],
      ["taken out", 2, ([a, , ...rest]) => [a!, ...rest]],
      ["taken out at the beginning", 1, ([, ...rest]) => rest],
      ["doubled", 3, ([a, b, ...rest]) => [a!, b!, b!, ...rest]],
      ["made unreadable", 3, ([a, b, c, ...rest]) => [a!, b!, c!.slice(0, 20), ...rest]],
    ])("refuses a journal with a record that was %s, by its number", async (_, seq, change) => {
      const place = await open();
      if (place.tamper === null) return;
      const [journal, records] = await journalOf(place, "a", "b", "c", "d");
      await place.tamper("fan", change);
      for (const reader of [place.connect().open("fan"), journal]) {
        const damaged = await thrownBy(() => reader.read());
        expect(damaged).toMatchObject({ code: "IOT_JOURNAL_DAMAGED", details: { record: seq } });
        expect(damaged.message).toContain(`Record ${seq} `);
      }
      expect(records).toHaveLength(4);
    });

    test("does not read on behind a record that is not there any more", async () => {
      const place = await open();
      if (place.tamper === null) return;
      const [journal, [first, , third]] = await journalOf(place, "a", "b", "c");
      const others = place.connect().open("fan");
      await others.read();
      const instead = next(next(first, "x"), "y");
      await place.tamper("fan", ([a]) => [
        a!,
        textOf(next(first, "x")),
        textOf(instead),
        textOf(next(instead, "z")),
      ]);
      for (const reader of [journal, others]) {
        const damaged = await thrownBy(() => reader.read(third));
        expect(damaged.code).toBe("IOT_JOURNAL_DAMAGED");
      }
      await place.tamper("fan", ([a]) => [a!]);
      expect((await thrownBy(() => others.read(third))).code).toBe("IOT_JOURNAL_DAMAGED");
    });

    test.skipIf(!noticesLostEnd)("notices that its newest records are gone", async () => {
      const place = await open();
      if (place.tamper === null) return;
      await journalOf(place, "a", "b", "c", "d");
      await place.tamper("fan", (texts) => texts.slice(0, 2));
      const damaged = await thrownBy(() => place.connect().open("fan").read());
      expect(damaged).toMatchObject({ code: "IOT_JOURNAL_DAMAGED", details: { record: 3 } });
    });

    test("does not read what a later iotctl wrote", async () => {
      const place = await open();
      if (place.tamper === null) return;
      const [, [first]] = await journalOf(place, "a");
      const event = { type: "teleported", by: "ann" } as unknown as JournalEntry["event"];
      await place.tamper("fan", (texts) => [
        ...texts,
        textOf(chainRecord(first, { at: 0, event, effects: [] })),
      ]);
      const newer = await thrownBy(() => place.connect().open("fan").read());
      expect(newer).toMatchObject({ code: "IOT_JOURNAL_NEWER", exit: 2, details: { record: 2 } });
      expect(newer.message).toContain("teleported");
    });
  });
}

function entry(reason: string, at = 0): JournalEntry {
  return { at, event: { type: "paused", by: "ann", reason }, effects: ["halt:app@4.2.0"] };
}

function next(last: JournalRecord | undefined, reason: string): JournalRecord {
  return chainRecord(last, entry(reason));
}

const textOf = (record: JournalRecord): string => formatRecord(record).trimEnd();
const reasonOf = ({ event }: JournalRecord): string => (event.type === "paused" ? event.reason : event.type);

/** The journal `fan` with a record for each reason. */
async function journalOf(
  place: JournalsUnderTest,
  ...[first = "", ...more]: readonly string[]
): Promise<[RolloutJournal, readonly [JournalRecord, ...JournalRecord[]]]> {
  const journal = await place.connect().create("fan", entry(first));
  const records: [JournalRecord, ...JournalRecord[]] = [next(undefined, first)];
  for (const reason of more) {
    records.push(next(records.at(-1), reason));
    expect(await journal.append(records.at(-1)!)).toBe(true);
  }
  return [journal, records];
}

/** Appends as an operator does: reads on and tries again where somebody was quicker. */
async function appendEach(journal: RolloutJournal, writer: number, count: number): Promise<void> {
  let last = (await journal.read()).at(-1);
  for (let index = 0, attempts = 0; index < count; attempts += 1) {
    if (attempts > 500) throw new Error("somebody else is always quicker");
    const record = next(last, `${writer}: ${index}`);
    if (await journal.append(record)) {
      last = record;
      index += 1;
    } else {
      last = (await journal.read(last)).at(-1);
    }
  }
}
