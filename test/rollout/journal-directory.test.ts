import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { tryExclusiveLock } from "../../src/base/exclusive-lock.ts";
import { chainRecord, formatRecord } from "../../src/rollout/journal/chain.ts";
import { DirectoryJournal } from "../../src/rollout/journal/directory/directory-journal.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import type { JournalEntry, JournalRecord, RolloutJournal } from "../../src/rollout/journal/journal.ts";
import { HastyClock } from "../support/hasty-clock.ts";
import { growDisk, noSmallDisk, smallDisk } from "../support/small-disk.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const entry = (reason: string): JournalEntry => ({
  at: 0,
  event: { type: "paused", by: "ann", reason },
  effects: [],
});

function make(clock: Clock = new HastyClock()) {
  const dir = join(temporaryDirectory(), "rollouts");
  return { dir, file: join(dir, "fan", "journal.ndjson"), journals: new DirectoryJournals(dir, clock) };
}

async function append(journal: RolloutJournal, ...reasons: string[]): Promise<void> {
  for (const reason of reasons) {
    const last = (await journal.read()).at(-1);
    expect(await journal.append(chainRecord(last, entry(reason)))).toBe(true);
  }
}

const reasonsOf = (records: readonly JournalRecord[]): string[] =>
  records.map(({ event }) => (event.type === "paused" ? event.reason : event.type));

describe("journals in a directory", () => {
  it("lie in a file with a line for each record, as they always did", async () => {
    const { file, journals } = make();
    await append(await journals.create("fan", entry("a")), "b");
    const first = chainRecord(undefined, entry("a"));
    expect(readFileSync(file, "utf8")).toBe(
      formatRecord(first) + formatRecord(chainRecord(first, entry("b"))),
    );
    // What earlier releases wrote has no head beside it.
    rmSync(join(file, "..", "head"));
    expect(reasonsOf(await journals.open("fan").read())).toEqual(["a", "b"]);
    await append(journals.open("fan"), "c");
  });

  it("are not listed when they never began", async () => {
    const { dir, journals } = make();
    await journals.create("fan", entry("a"));
    mkdirSync(join(dir, "empty"));
    mkdirSync(join(dir, "never-begun"));
    writeFileSync(join(dir, "never-begun", "journal.ndjson"), '{"torn');
    writeFileSync(join(dir, "stray"), "");
    expect(await journals.list()).toEqual(["fan"]);
    await append(await journals.create("never-begun", entry("a")), "b");
    expect(await journals.list()).toEqual(["fan", "never-begun"]);
  });

  it("are listed by their first records alone", async () => {
    const { file, journals } = make();
    await append(await journals.create("fan", entry("a")), "b");
    appendFileSync(file, "nobody looks here\n");
    expect(await journals.list()).toEqual(["fan"]);
    expect((await journals.first("fan")).seq).toBe(1);
  });

  it("are listed when all that is left of them is that they were there", async () => {
    for (const harm of [rmSync, truncateSync]) {
      const { file, journals } = make();
      await journals.create("fan", entry("a"));
      await journals.create("other", { ...entry("a"), at: 1 });
      harm(file);
      expect(await journals.list()).toEqual(["other", "fan"]);
      for (const read of [() => journals.first("fan"), () => journals.open("fan").read()]) {
        expect((await thrownBy(read)).code).toBe("IOT_JOURNAL_DAMAGED");
      }
    }
  });

  it("take no record that nobody could read afterwards", async () => {
    const { dir, journals } = make();
    await journals.create("fan", entry("a"));
    const lineBytesMax = 600_000;
    const journal = new DirectoryJournal("fan", join(dir, "fan"), new HastyClock(), lineBytesMax);
    const [first] = await journal.read();
    const small = chainRecord(first, entry(""));
    const roomBytes = lineBytesMax - Buffer.byteLength(formatRecord(small)) + 1;
    const tooLarge = chainRecord(first, entry("x".repeat(roomBytes + 1)));
    const refused = await thrownBy(() => journal.append(tooLarge));
    expect(refused).toMatchObject({ code: "IOT_JOURNAL_RECORD_TOO_LARGE", exit: 3 });
    expect(await journal.read()).toHaveLength(1);
    expect(await journal.append(chainRecord(first, entry("x".repeat(roomBytes))))).toBe(true);
    expect(await journal.read()).toHaveLength(2);
  });

  it("go on behind a torn end as if it had never been", async () => {
    for (const torn of ['{"seq":2,"at":0,"ev', "x".repeat(600_000)]) {
      const { file, journals } = make();
      const journal = await journals.create("fan", entry("a"));
      appendFileSync(file, torn);
      expect(reasonsOf(await journal.read())).toEqual(["a"]);
      await append(journal, "b", "c");
      expect(reasonsOf(await journals.open("fan").read())).toEqual(["a", "b", "c"]);
      expect(readFileSync(file, "utf8")).not.toContain(torn);
    }
  });

  it("take records that are longer than one read of the file", async () => {
    const { journals } = make();
    const reasons = ["ä".repeat(300_000), "b", "c".repeat(262_144), "d"];
    const journal = await journals.create("fan", entry("a"));
    await append(journal, ...reasons);
    expect(reasonsOf(await journals.open("fan").read())).toEqual(["a", ...reasons]);
    const [, second] = await journal.read();
    expect(reasonsOf(await journal.read(second))).toEqual(reasons.slice(1));
  });

  it("are read on from where they were read, not from the beginning", async () => {
    const { file, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    await append(journal, "b");
    const [, second] = await journal.read();
    await append(journals.open("fan"), "c", "d");
    // Nobody reads the first record again, or the damage would show.
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("ann", "eve"));
    const behind = await journal.read(second);
    expect(reasonsOf(behind)).toEqual(["c", "d"]);
    expect(await journal.append(chainRecord(behind.at(-1), entry("e")))).toBe(true);
    expect((await thrownBy(() => journal.read())).details).toMatchObject({ record: 1 });
  });

  it("are damaged when what was read is not there any more", async () => {
    const { file, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    await append(journal, "b", "c");
    const records = await journal.read();
    const third = records.at(-1);
    const whole = readFileSync(file, "utf8");
    const changes = [
      () => truncateSync(file, statSync(file).size - 20),
      () => truncateSync(file, 0),
      () => rmSync(file),
      () => writeFileSync(file, whole.replace('"reason":"c"', '"reason":"x"')),
      () =>
        writeFileSync(
          file,
          whole.replace(formatRecord(third!), formatRecord(chainRecord(records[1], entry("x")))),
        ),
      () => writeFileSync(file, `\n${whole}`),
    ];
    // What is noticed here is noticed without the head, which earlier releases did not write.
    rmSync(join(file, "..", "head"));
    for (const [index, change] of changes.entries()) {
      change();
      const read = await thrownBy(() => journal.read(third));
      expect(read.code, `${index}`).toBe("IOT_JOURNAL_DAMAGED");
      const before = existsSync(file) ? readFileSync(file) : null;
      const written = await thrownBy(() => journal.append(chainRecord(third, entry("d"))));
      expect(written.code, `${index}`).toBe("IOT_JOURNAL_DAMAGED");
      expect(existsSync(file) ? readFileSync(file) : null).toEqual(before);
      writeFileSync(file, whole);
    }
    await append(journal, "d");
  });

  it("trust the chain where the head lags behind or cannot be read", async () => {
    const { file, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    const head = join(file, "..", "head");
    const early = readFileSync(head);
    await append(journal, "b", "c");
    for (const content of [early, "", "torn", "0 0\n"]) {
      writeFileSync(head, content);
      expect(reasonsOf(await journals.open("fan").read())).toEqual(["a", "b", "c"]);
    }
    writeFileSync(head, `2 ${"0".repeat(64)}\n`);
    expect((await thrownBy(() => journals.open("fan").read())).details).toMatchObject({ record: 2 });
  });

  it("are appended to as soon as another append is done, and not waited for without end", async () => {
    const { dir, file, journals } = make();
    const [journal, patient] = [
      await journals.create("fan", entry("a")),
      new DirectoryJournals(dir, systemClock),
    ];
    const lock = tryExclusiveLock(join(dir, "fan", "append-lock"));
    const before = readFileSync(file);
    expect((await thrownBy(() => append(journal, "b"))).code).toBe("IOT_ROLLOUT_LOCKED");
    expect(readFileSync(file)).toEqual(before);
    const waiting = append(patient.open("fan"), "b");
    lock?.release();
    await waiting;
    expect(reasonsOf(await journal.read())).toEqual(["a", "b"]);
  });

  it("give no turn while another process has its own, and are free when that was killed", async () => {
    const { dir, journals } = make();
    const journal = await journals.create("fan", entry("a"));
    const writer = await writerIn(dir, "child", 0, 60_000);
    expect((await thrownBy(() => journal.turn(async () => {}))).code).toBe("IOT_ROLLOUT_LOCKED");
    // An operator is not held up by it.
    await append(journal, "b");
    writer.kill("SIGKILL");
    await once(writer, "exit");
    expect(await journal.turn(async () => "free")).toBe("free");
  });

  it("are begun one at a time, and the next waits its turn", async () => {
    const { dir } = make();
    const [one, other] = [new DirectoryJournals(dir, systemClock), new DirectoryJournals(dir, systemClock)];
    const order: string[] = [];
    const first = one.exclusively(async () => {
      order.push("one begins");
      await systemClock.sleep(50);
      order.push("one ends");
    });
    await Promise.all([first, other.exclusively(async () => void order.push("other"))]);
    expect(order).toEqual(["one begins", "one ends", "other"]);
  });

  it("keep a whole chain while processes write at once", async () => {
    const { dir, journals } = make(systemClock);
    const journal = await journals.create("fan", entry("a"));
    const writers = await Promise.all(["one", "two"].map((by) => writerIn(dir, by, 15, 0)));
    await Promise.all(writers.map(ended));
    const records = await journal.read();
    for (const by of ["one", "two"]) {
      const theirs = records.filter(({ event }) => event.type === "paused" && event.by === by);
      expect(reasonsOf(theirs)).toEqual(Array.from({ length: 15 }, (_, index) => `${index}`));
    }
    expect(records).toHaveLength(31);
  });

  it("keep what they had when the disk is full, and say so", async (context) => {
    const disk = smallDisk(64);
    if (disk === null) return context.skip(noSmallDisk);
    const journals = new DirectoryJournals(join(disk, "rollouts"), new HastyClock());
    const journal = await journals.create("fan", entry("a"));
    const file = join(disk, "rollouts", "fan", "journal.ndjson");
    let written = 1;
    const error = await thrownBy(async () => {
      for (; written < 1000; written++) await append(journal, "x".repeat(1500));
    });
    expect(error.code).toBe("IOT_DISK_FULL");
    expect(error.message).toContain(join(disk, "rollouts", "fan"));
    // Nothing half-written stays, and the chain goes on when there is room.
    expect(readFileSync(file, "utf8").endsWith("\n")).toBe(true);
    expect(await journal.read()).toHaveLength(written);
    growDisk(disk, 128);
    await append(journal, "b");
    expect(await journal.read()).toHaveLength(written + 1);
    expect((await thrownBy(() => journals.create("new", entry("x".repeat(100_000))))).code).toBe(
      "IOT_DISK_FULL",
    );
    expect(await journals.list()).toEqual(["fan"]);
    expect(readdirSync(join(disk, "rollouts")).toSorted()).toEqual(["fan", "new"]);
  });
});

/** A process that writes: it is in its turn, or begins to append. */
async function writerIn(dir: string, by: string, count: number, turnMs: number): Promise<ChildProcess> {
  const script = new URL("../support/journal-writer.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dir, "fan", by, `${count}`, `${turnMs}`], {
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
