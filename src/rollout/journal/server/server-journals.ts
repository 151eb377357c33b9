import type { Clock } from "../../../base/clock.ts";
import { ControlClient } from "../../../server/control-client/control-client.ts";
import { readAnswer } from "../../../server/control-client/read-answer.ts";
import type { RolloutEntry } from "../../../server/control/control-api.ts";
import { chainRecord } from "../chain.ts";
import type { JournalEntry, JournalRecord, RolloutJournal, RolloutJournals } from "../journal.ts";
import { beginAlone, beginningMs } from "../lease.ts";
import { inOrderOfBeginning, isRolloutId, rolloutExists, rolloutUnknown } from "../rollout-ids.ts";
import { ServerJournal } from "./server-journal.ts";
import { ServerLease } from "./server-lease.ts";

const beginningWaitMs = 15_000;
const beginningPollMs = 250;
const pageRollouts = 1000;

export interface ServerJournalsOptions {
  /** Of the server, such as `http://127.0.0.1:8480`. */
  readonly url: string;
  /** The control token. */
  readonly token: string;
  readonly clock: Clock;
}

/**
 * The journals that an embedded fleet server keeps, by its control API. Every method may throw
 * IOT_FLEET_UNREACHABLE, IOT_FLEET_UNAUTHORIZED, or IOT_FLEET_REFUSED with the server's reason.
 */
export class ServerJournals implements RolloutJournals {
  readonly #client: ControlClient;
  readonly #clock: Clock;

  constructor({ url, token, clock }: ServerJournalsOptions) {
    this.#client = new ControlClient({ url, token, clock, timeoutMs: 30_000 });
    this.#clock = clock;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const lease = new ServerLease(this.#client, this.#clock, "beginning", beginningMs);
    const wait = { clock: this.#clock, pollMs: beginningPollMs, waitMs: beginningWaitMs };
    return beginAlone(lease, wait, work);
  }

  async list(): Promise<readonly string[]> {
    const found: { rolloutId: string; atMs: number }[] = [];
    for (let after: string | null = ""; after !== null;) {
      const path = `/rollouts?limit=${pageRollouts}&after=${encodeURIComponent(after)}`;
      const answer = await this.#client.send({ method: "GET", path });
      const page = readAnswer(answer) as { rollouts: readonly RolloutEntry[]; next: string | null };
      found.push(...page.rollouts.map(({ id, beganAtMs }) => ({ rolloutId: id, atMs: beganAtMs })));
      after = page.next;
    }
    return inOrderOfBeginning(found);
  }

  async first(rolloutId: string): Promise<JournalRecord> {
    return this.#journal(rolloutId).first();
  }

  open(rolloutId: string): RolloutJournal {
    return this.#journal(rolloutId);
  }

  async create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal> {
    const journal = this.open(rolloutId);
    const isThere = (await this.list()).includes(rolloutId);
    if (isThere || !(await journal.append(chainRecord(undefined, first)))) throw rolloutExists(rolloutId);
    return journal;
  }

  #journal(rolloutId: string): ServerJournal {
    if (!isRolloutId(rolloutId)) throw rolloutUnknown(rolloutId, `the fleet server at ${this.#client.url}`);
    return new ServerJournal(rolloutId, this.#client, this.#clock);
  }
}
