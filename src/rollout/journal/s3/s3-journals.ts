import type { Clock } from "../../../base/clock.ts";
import { Exit } from "../../../base/error-codes.ts";
import { IotctlError } from "../../../base/errors.ts";
import type { S3JournalSettings } from "../../../manifest/environment.ts";
import { chainRecord, chainStart, readRecord } from "../chain.ts";
import { journalDamaged } from "../journal-damaged.ts";
import type { JournalEntry, JournalRecord, RolloutJournal, RolloutJournals } from "../journal.ts";
import { beginAlone, beginningMs } from "../lease.ts";
import { inOrderOfBeginning, isRolloutId, rolloutExists, rolloutUnknown } from "../rollout-ids.ts";
import { JournalBucket } from "./journal-bucket.ts";
import { mapSideBySide } from "./map-side-by-side.ts";
import { numbered } from "./numbered-names.ts";
import { headName, readsAtOnce, S3Journal } from "./s3-journal.ts";
import { S3Lease } from "./s3-lease.ts";

const beginningWaitMs = 20_000;
const beginningPollMs = 500;

/**
 * The journals of an environment in a bucket of S3 or of what speaks its language: an object a
 * record, below `<prefix><rollout id>/`. Every method may throw IOT_JOURNAL_STORE_UNREACHABLE and
 * IOT_JOURNAL_STORE_REFUSED; what writes also IOT_JOURNAL_STORE_UNSAFE.
 */
export class S3Journals implements RolloutJournals {
  readonly #bucket: JournalBucket;
  readonly #clock: Clock;

  constructor(settings: S3JournalSettings, clock: Clock) {
    this.#bucket = new JournalBucket(settings);
    this.#clock = clock;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    // No id of a rollout begins with an exclamation mark.
    const lease = new S3Lease(this.#bucket, this.#clock, "!beginning/", beginningMs);
    const wait = { clock: this.#clock, pollMs: beginningPollMs, waitMs: beginningWaitMs };
    return beginAlone(lease, wait, work);
  }

  async list(): Promise<readonly string[]> {
    const ids = (await this.#bucket.folders()).filter(isRolloutId);
    const found = await mapSideBySide(ids, readsAtOnce, async (rolloutId) => ({
      rolloutId,
      atMs: await this.#beganAtMs(rolloutId),
    }));
    return inOrderOfBeginning(
      found.flatMap(({ rolloutId, atMs }) => (atMs === null ? [] : { rolloutId, atMs })),
    );
  }

  async first(rolloutId: string): Promise<JournalRecord> {
    const first = isRolloutId(rolloutId) ? await this.#first(rolloutId) : null;
    if (first === null) throw rolloutUnknown(rolloutId, this.#bucket.place);
    return first;
  }

  open(rolloutId: string): RolloutJournal {
    if (!isRolloutId(rolloutId)) throw rolloutUnknown(rolloutId, this.#bucket.place);
    return new S3Journal(rolloutId, this.#bucket, this.#clock);
  }

  async create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal> {
    const journal = this.open(rolloutId);
    const isThere = (await this.#bucket.get(`${rolloutId}/${numbered(1)}`)) !== null;
    if (isThere || !(await journal.append(chainRecord(undefined, first)))) throw rolloutExists(rolloutId);
    return journal;
  }

  /** Null when it never did: somebody asked for a turn with it. One that cannot be read hides no other. */
  async #beganAtMs(rolloutId: string): Promise<number | null> {
    try {
      return (await this.#first(rolloutId))?.at ?? null;
    } catch (error) {
      if (error instanceof IotctlError && error.exit === Exit.remote) throw error;
      return Infinity;
    }
  }

  /** Null where there never was a record. */
  async #first(rolloutId: string): Promise<JournalRecord | null> {
    const source = `${this.#bucket.place}${rolloutId}`;
    const first = await this.#bucket.get(`${rolloutId}/${numbered(1)}`);
    if (first) return readRecord(first.text, chainStart, source);
    if (await this.#bucket.get(`${rolloutId}/${headName}`)) {
      throw journalDamaged(source, 1, "what was written there is not there any more");
    }
    return null;
  }
}
