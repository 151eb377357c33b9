import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fsyncDirectory } from "../../base/atomic-file.ts";
import type { Clock } from "../../base/clock.ts";
import { IotctlError } from "../../base/errors.ts";
import { chainRecord } from "./chain.ts";
import { DirectoryJournal } from "./directory-journal.ts";
import type { JournalEntry, RolloutJournal, RolloutJournals } from "./journal.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** The journals of an environment as files: `<dir>/<rollout id>/journal.ndjson`. */
export class DirectoryJournals implements RolloutJournals {
  readonly #dir: string;
  readonly #clock: Clock;

  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.#dir, { recursive: true });
    const lock = await waitForLock(join(this.#dir, "lock"), "a new rollout", this.#clock);
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  async list(): Promise<readonly string[]> {
    if (!existsSync(this.#dir)) return [];
    const found: { rolloutId: string; at: number }[] = [];
    for (const rolloutId of readdirSync(this.#dir)) {
      if (!existsSync(this.#file(rolloutId))) continue;
      const [first] = await this.#journal(rolloutId).read();
      // A crash before the first record was whole leaves a file that never was a rollout.
      if (first) found.push({ rolloutId, at: first.at });
    }
    return found
      .toSorted((a, b) => a.at - b.at || (a.rolloutId < b.rolloutId ? -1 : 1))
      .map((each) => each.rolloutId);
  }

  open(rolloutId: string): RolloutJournal {
    if (!/^[\w.@+-]{1,200}$/.test(rolloutId) || !existsSync(this.#file(rolloutId))) {
      throw new IotctlError("IOT_ROLLOUT_UNKNOWN", `There is no rollout ${rolloutId} in ${this.#dir}.`, {
        hints: ["See which there are: iotctl rollout list"],
      });
    }
    return this.#journal(rolloutId);
  }

  async create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal> {
    mkdirSync(join(this.#dir, rolloutId), { recursive: true });
    const journal = this.#journal(rolloutId);
    const isFirst = (await journal.read()).length === 0 && (await journal.append(chainRecord(undefined, first)));
    if (!isFirst) {
      throw new IotctlError("IOT_ROLLOUT_EXISTS", `There is a rollout ${rolloutId} already.`, {
        hints: [`See it: iotctl rollout status ${rolloutId}`],
      });
    }
    fsyncDirectory(join(this.#dir, rolloutId));
    fsyncDirectory(this.#dir);
    return journal;
  }

  #journal(rolloutId: string): DirectoryJournal {
    return new DirectoryJournal(rolloutId, this.#file(rolloutId), this.#clock);
  }

  #file(rolloutId: string): string {
    return join(this.#dir, rolloutId, "journal.ndjson");
  }
}
