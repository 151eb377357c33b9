import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { chainRecord, formatRecord, parseRecords } from "../../src/rollout/journal/chain.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory-journals.ts";
import type { JournalEntry, JournalRecord, RolloutJournal } from "../../src/rollout/journal/journal.ts";
import { HastyClock } from "../support/hasty-clock.ts";
import { growDisk, noSmallDisk, smallDisk } from "../support/small-disk.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
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
});

describe("journals in a directory", () => {
  const make = (clock = new HastyClock()): { dir: string; journals: DirectoryJournals } => {
    const dir = join(temporaryDirectory(), "rollouts");
    return { dir, journals: new DirectoryJournals(dir, clock) };
  };
  const append = (journal: RolloutJournal, ...entries: JournalEntry[]): Promise<void> =>
    journal.exclusively(async (_, write) => write(entries));
  const reasons = async (journal: RolloutJournal): Promise<string[]> =>
    (await journal.read()).map(({ event }) => (event.type === "paused" ? event.reason : event.type));

  it("are created once, listed in the order of their beginning, and read by others", async () => {
    const { dir, journals } = make();
    expect(await journals.list()).toEqual([]);
    await journals.create("later", entry("a", 2));
    await journals.create("earlier", entry("a", 1));
    await journals.create("b-at-once", entry("a", 2));
    mkdirSync(join(dir, "empty"));
    mkdirSync(join(dir, "never-begun"));
    writeFileSync(join(dir, "never-begun", "journal.ndjson"), '{"torn');
    writeFileSync(join(dir, "stray"), "");
    const others = new DirectoryJournals(dir, new HastyClock());
    expect(await others.list()).toEqual(["earlier", "b-at-once", "later"]);
    expect((await thrownBy(() => others.create("later", entry("b")))).code).toBe("IOT_ROLLOUT_EXISTS");
    expect(await reasons(others.open("later"))).toEqual(["a"]);
    for (const unknown of ["none", "../stray", "", "."]) {
      expect((await thrownBy(() => others.open(unknown))).code).toBe("IOT_ROLLOUT_UNKNOWN");
    }
  });

  it("go on behind a torn end as if it had never been", async () => {
    const { dir, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    appendFileSync(join(dir, "fan", "journal.ndjson"), '{"seq":2,"at":0,"ev');
    expect(await reasons(journal)).toEqual(["a"]);
    await append(journal, entry("b"), entry("c"));
    expect(await reasons(journals.open("fan"))).toEqual(["a", "b", "c"]);
  });

  it("are not written to when they were changed", async () => {
    const { dir, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    const file = join(dir, "fan", "journal.ndjson");
    writeFileSync(file, readFileSync(file, "utf8").replace("ann", "eve"));
    const before = readFileSync(file);
    expect((await thrownBy(() => append(journal, entry("b")))).code).toBe("IOT_JOURNAL_DAMAGED");
    expect(readFileSync(file)).toEqual(before);
  });

  it("let go of the lock when the work fails", async () => {
    const { journals } = make();
    const journal = await journals.create("fan", entry("a"));
    await expect(journal.exclusively(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await append(journal, entry("b"));
    expect(await reasons(journal)).toEqual(["a", "b"]);
  });

  it("let one at a time decide, within a process too", async () => {
    const { journals } = make();
    const journal = await journals.create("fan", entry("a"));
    await journal.exclusively(async (_, write) => {
      expect((await thrownBy(() => append(journal, entry("inner")))).code).toBe("IOT_ROLLOUT_LOCKED");
      write([entry("outer")]);
    });
    expect(await reasons(journal)).toEqual(["a", "outer"]);
  });

  it("are waited for while another process decides, and not for ever", async () => {
    const { dir, journals } = make();
    await journals.create("fan", entry("a"));
    const writer = await writerIn(dir, "fan", "child", 1, 700);
    const error = await thrownBy(() => append(journals.open("fan"), entry("b")));
    expect(error.code).toBe("IOT_ROLLOUT_LOCKED");
    expect(error.message).toContain("fan");
    // With real patience its turn comes.
    const patient = new DirectoryJournals(dir, systemClock).open("fan");
    await append(patient, entry("b"));
    expect(await reasons(patient)).toEqual(["a", "1", "b"]);
    await ended(writer);
  });

  it("are begun one at a time", async () => {
    const { dir } = make();
    const [one, other] = [new DirectoryJournals(dir, systemClock), new DirectoryJournals(dir, systemClock)];
    const order: string[] = [];
    const first = one.exclusively(async () => {
      order.push("one begins");
      await systemClock.sleep(100);
      order.push("one ends");
    });
    await Promise.all([first, other.exclusively(async () => void order.push("other"))]);
    expect(order).toEqual(["one begins", "one ends", "other"]);
  });

  it("keep a whole chain while two processes write", { timeout: 60_000 }, async () => {
    const { dir, journals } = make();
    const journal = await journals.create("fan", entry("0"));
    const writers = await Promise.all(["one", "two"].map((by) => writerIn(dir, "fan", by, 10, 1)));
    await Promise.all(writers.map(ended));
    expect(await reasons(journal)).toEqual(Array.from({ length: 21 }, (_, index) => `${index}`));
  });

  it("are free again when their process was killed", async () => {
    const { dir, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    const writer = await writerIn(dir, "fan", "child", 1, 60_000);
    writer.kill("SIGKILL");
    await once(writer, "exit");
    await append(journal, entry("b"));
    expect(await reasons(journal)).toEqual(["a", "b"]);
  });

  it("keep what they had when the disk is full, and say so", async (context) => {
    const disk = smallDisk(64);
    if (disk === null) return context.skip(noSmallDisk);
    const journals = new DirectoryJournals(join(disk, "rollouts"), new HastyClock());
    const journal = await journals.create("fan", entry("a"));
    const file = join(disk, "rollouts", "fan", "journal.ndjson");
    let written = 1;
    const error = await thrownBy(async () => {
      for (; written < 1000; written++) await append(journal, entry("x".repeat(1500)));
    });
    expect(error.code).toBe("IOT_DISK_FULL");
    expect(error.message).toContain(file);
    // Nothing half-written stays, and the chain goes on when there is room.
    expect(readFileSync(file, "utf8").endsWith("\n")).toBe(true);
    expect(await journal.read()).toHaveLength(written);
    growDisk(disk, 128);
    await append(journal, entry("b"));
    expect(await journal.read()).toHaveLength(written + 1);
    expect((await thrownBy(() => journals.create("new", entry("x".repeat(100_000))))).code).toBe(
      "IOT_DISK_FULL",
    );
    expect(existsSync(join(disk, "rollouts", "new", "journal.ndjson"))).toBe(true);
    expect(await journals.list()).toEqual(["fan"]);
    expect(readdirSync(join(disk, "rollouts")).toSorted()).toEqual(["fan", "new"]);
  });
});

/** A writer that is in its turn. */
async function writerIn(
  dir: string,
  rolloutId: string,
  by: string,
  count: number,
  holdMs: number,
): Promise<ChildProcess> {
  const script = new URL("../support/journal-writer.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dir, rolloutId, by, `${count}`, `${holdMs}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
}
