import type { Clock } from "../../../base/clock.ts";
import type { IotctlError } from "../../../base/errors.ts";
import type { ControlClient, ControlRequest } from "../../../server/control-client/control-client.ts";
import { readAnswer, refusalReason } from "../../../server/control-client/read-answer.ts";
import { recordBytesMax, type RecordPage } from "../../../server/control/control-api.ts";
import { chainStart, type Link, readRecord } from "../chain.ts";
import { takeTurn, turnMs } from "../lease.ts";
import { recordTooLarge } from "../record-too-large.ts";
import { journalDamaged } from "../journal-damaged.ts";
import type { JournalRecord, RolloutJournal, TurnHold } from "../journal.ts";
import { rolloutUnknown } from "../rollout-ids.ts";
import { ServerLease } from "./server-lease.ts";

const pageRecords = 1000;

/** A journal that the fleet server keeps. It checks each record that it takes; what it gives back is checked here. */
export class ServerJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #source: string;

  constructor(rolloutId: string, client: ControlClient, clock: Clock) {
    this.rolloutId = rolloutId;
    this.#client = client;
    this.#clock = clock;
    this.#source = `rollout ${rolloutId} at ${client.url}`;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    // Together with the record that was read last, which must be the same still.
    const start: Link = after ? { seq: after.seq - 1, hash: after.prev } : chainStart;
    const records: JournalRecord[] = [];
    const last = (): Link => records.at(-1) ?? start;
    for (;;) {
      const { records: texts, newest } = await this.#page(last().seq + 1);
      for (const text of texts) records.push(readRecord(text, last(), this.#source));
      if (after && records[0]?.hash !== after.hash) throw this.#replaced(after.seq);
      if (last().seq < newest.seq) {
        if (texts.length === 0) throw this.#replaced(last().seq + 1);
        continue;
      }
      if (records[newest.seq - start.seq - 1]?.hash !== newest.hash) throw this.#replaced(newest.seq);
      return after ? records.slice(1) : records;
    }
  }

  /** The first record, whatever became of those behind it. */
  async first(): Promise<JournalRecord> {
    const { records } = await this.#page(1, 1);
    const [text] = records;
    if (text === undefined) throw this.#replaced(1);
    return readRecord(text, chainStart, this.#source);
  }

  async append(record: JournalRecord): Promise<boolean> {
    const sizeBytes = Buffer.byteLength(JSON.stringify(record));
    if (sizeBytes > recordBytesMax) {
      throw recordTooLarge(record, sizeBytes, `the fleet server takes at most ${recordBytesMax}`);
    }
    try {
      await this.#json({ method: "PUT", path: this.#path(`records/${record.seq}`), json: record });
      return true;
    } catch (error) {
      const reason = refusalReason(error);
      if (reason === "record-taken") return false;
      if (reason !== "record-misplaced") throw error;
      throw journalDamaged(this.#source, record.seq, "it does not follow the newest record");
    }
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    const lease = new ServerLease(this.#client, this.#clock, `turn:${this.rolloutId}`, turnMs);
    return takeTurn(lease, this.rolloutId, work);
  }

  async #page(fromSeq: number, limit = pageRecords): Promise<RecordPage> {
    const path = this.#path(`records?from=${fromSeq}&limit=${limit}`);
    try {
      return (await this.#json({ method: "GET", path })) as RecordPage;
    } catch (error) {
      if (refusalReason(error) === "rollout-unknown")
        throw rolloutUnknown(this.rolloutId, `the fleet server at ${this.#client.url}`);
      throw error;
    }
  }

  #replaced(seq: number): IotctlError {
    return journalDamaged(this.#source, seq, "what was written there is not there any more");
  }

  async #json(request: ControlRequest): Promise<unknown> {
    return readAnswer(await this.#client.send(request));
  }

  #path(rest: string): string {
    return `/rollouts/${encodeURIComponent(this.rolloutId)}/${rest}`;
  }
}
