import type { Clock } from "../../../base/clock.ts";
import type { IotctlError } from "../../../base/errors.ts";
import { brokenLink, chainStart, type Link, readRecord, recordIn } from "../chain.ts";
import { journalDamaged } from "../journal-damaged.ts";
import { takeTurn, turnMs } from "../lease.ts";
import { recordTooLarge } from "../record-too-large.ts";
import type { JournalRecord, RolloutJournal, TurnHold } from "../journal.ts";
import { rolloutUnknown } from "../rollout-ids.ts";
import { type JournalBucket, objectBytesMax } from "./journal-bucket.ts";
import { mapSideBySide } from "./map-side-by-side.ts";
import { numbered, numberOf } from "./numbered-names.ts";
import { S3Lease } from "./s3-lease.ts";

export const readsAtOnce = 16;
export const headName = "head";

/** A journal as objects of a bucket, one a record, each written only where none is: `<id>/000000000001.json`. */
export class S3Journal implements RolloutJournal {
  readonly rolloutId: string;
  readonly #bucket: JournalBucket;
  readonly #clock: Clock;
  readonly #source: string;
  /** The newest record that was read or written here. */
  #known: Link = chainStart;

  constructor(rolloutId: string, bucket: JournalBucket, clock: Clock) {
    this.rolloutId = rolloutId;
    this.#bucket = bucket;
    this.#clock = clock;
    this.#source = `${bucket.place}${rolloutId}`;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    // Before the names, which may become more meanwhile.
    const [head] = await Promise.all([this.#head(), after && this.#assertStill(after)]);
    const start: Link = after ?? chainStart;
    const records: JournalRecord[] = [];
    let last = start;
    for (const text of await this.#textsBehind(start.seq)) {
      if (text === null) throw this.#replaced(last.seq + 1);
      const record = readRecord(text, last, this.#source);
      records.push(record);
      last = record;
    }
    if (last.seq === 0 && head === null) throw rolloutUnknown(this.rolloutId, this.#bucket.place);
    if (head && head.seq > start.seq && records[head.seq - start.seq - 1]?.hash !== head.hash) {
      throw this.#replaced(Math.min(head.seq, last.seq + 1));
    }
    this.#known = last;
    return records;
  }

  async append(record: JournalRecord): Promise<boolean> {
    const text = JSON.stringify(record);
    const sizeBytes = Buffer.byteLength(text);
    if (sizeBytes > objectBytesMax) {
      throw recordTooLarge(record, sizeBytes, `an object of a journal has at most ${objectBytesMax}`);
    }
    const link = await this.#link(record.seq - 1);
    const problem = link === null ? "there is no record before it" : brokenLink(link, record);
    const there =
      problem === null
        ? await this.#bucket.putIfAbsent(this.#name(numbered(record.seq)), text)
        : await this.#text(record.seq);
    if (there !== null) return recordIn(there)?.hash === record.hash;
    if (problem !== null) throw journalDamaged(this.#source, record.seq, problem);
    this.#known = record;
    await this.#writeHead(record);
    return true;
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    const lease = new S3Lease(this.#bucket, this.#clock, `${this.rolloutId}/turn/`, turnMs);
    return takeTurn(lease, this.rolloutId, work);
  }

  /** Texts of the records behind a number, in their order; a null ends them where one is missing. */
  async #textsBehind(seq: number): Promise<readonly (string | null)[]> {
    const names = await this.#bucket.names(`${this.rolloutId}/`, numbered(seq));
    const numbers = names.map(numberOf).filter((number) => number !== null);
    const gap = numbers.findIndex((number, index) => number !== seq + index + 1);
    const unbroken = gap === -1 ? numbers : numbers.slice(0, gap);
    const texts = await mapSideBySide(unbroken, readsAtOnce, (number) => this.#text(number));
    return gap === -1 ? texts : [...texts, null];
  }

  /** That what was read last is the same still. */
  async #assertStill({ hash, prev, seq }: JournalRecord): Promise<void> {
    const text = await this.#text(seq);
    if (text === null || readRecord(text, { seq: seq - 1, hash: prev }, this.#source).hash !== hash) {
      throw this.#replaced(seq);
    }
  }

  /** What the record behind number `seq` holds on to; null when that is not there. */
  async #link(seq: number): Promise<Link | null> {
    if (seq === 0) return chainStart;
    if (seq === this.#known.seq) return this.#known;
    const text = await this.#text(seq);
    return text === null ? null : recordIn(text);
  }

  async #head(): Promise<Link | null> {
    const text = (await this.#bucket.get(this.#name(headName)))?.text ?? "";
    const [, seq, hash = ""] = /^([1-9]\d*) ([0-9a-f]{64})$/.exec(text) ?? [];
    return seq === undefined ? null : { seq: Number(seq), hash };
  }

  /** So that a missing end is noticed. It may lag behind the records, and never runs ahead of them. */
  async #writeHead({ hash, seq }: Link): Promise<void> {
    await this.#bucket.put(this.#name(headName), `${seq} ${hash}`).catch(() => {});
  }

  async #text(seq: number): Promise<string | null> {
    return (await this.#bucket.get(this.#name(numbered(seq))))?.text ?? null;
  }

  #name(rest: string): string {
    return `${this.rolloutId}/${rest}`;
  }

  #replaced(seq: number): IotctlError {
    return journalDamaged(this.#source, seq, "what was written there is not there any more");
  }
}
