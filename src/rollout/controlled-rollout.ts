import { advance } from "./advance.ts";
import { hasEnded, type RolloutStatus } from "./engine/state.ts";
import type { RolloutJournals } from "./journal/journal.ts";
import { LiveRollout } from "./live-rollout.ts";
import type { RolloutPorts } from "./rollout-ports.ts";
import { type Beginning, beginningOf } from "./rollouts-of-product.ts";
import { unfinishedEffects } from "./engine/unfinished-effects.ts";

/** Who was away when a rollout completed, and what a backend refused to stop, is looked for less often. */
const restingIntervalMs = 60_000;

/** How a rollout stands among those of its product. */
export interface Standing {
  readonly isNewest: boolean;
  /** Whether all that may be of its product were read; a later one might be among the others. */
  readonly isCertain: boolean;
}

/** One rollout as the controller keeps it between turns. */
export class ControlledRollout {
  readonly rolloutId: string;
  readonly #journals: RolloutJournals;
  readonly #ports: RolloutPorts;
  #live: LiveRollout | null = null;
  #beginning: Beginning | null = null;
  #lastTurnMs = -Infinity;
  #isRead = false;
  #isOver = false;

  constructor(rolloutId: string, journals: RolloutJournals, ports: RolloutPorts) {
    this.rolloutId = rolloutId;
    this.#journals = journals;
    this.#ports = ports;
  }

  /** Reads what is new in the journal. */
  async catchUp(): Promise<void> {
    // What a later rollout took over from has nothing new to say.
    if (this.#isOver) return;
    this.#isRead = false;
    try {
      this.#live ??= new LiveRollout(this.#journals.open(this.rolloutId), this.#ports.checkRecord);
      await this.#live.catchUp();
      const { config, startedAtMs } = this.#live.state;
      this.#beginning = { product: config.resolved.product, atMs: startedAtMs };
      this.#isRead = true;
    } catch (error) {
      this.#beginning ??= await beginningOf(this.#journals, this.rolloutId);
      throw error;
    }
  }

  /** How it stands among all that are known. */
  standingAmong(all: readonly ControlledRollout[]): Standing {
    const rivals = all.filter((other) => other !== this && other.#mayBeOfProductOf(this));
    return {
      isNewest: !rivals.some((other) => other.#beganAfter(this)),
      isCertain: rivals.every((other) => other.#isRead || other.#isOver),
    };
  }

  /** Takes a turn where there may be something to do. The status after it; null when there was nothing to do. */
  async turn(nowMs: number, standing: Standing): Promise<RolloutStatus | null> {
    if (this.#live === null || !this.#isRead) return null;
    if (this.#isSuperseded(this.#live, standing)) {
      this.#isOver = true;
      // What a fleet of years ago did is not kept in memory.
      this.#live = null;
      return null;
    }
    if (!this.#isDue(this.#live, nowMs, standing)) return null;
    this.#lastTurnMs = nowMs;
    await advance(this.#live.journal, this.#ports, this.#live);
    return this.#live.state.status;
  }

  #mayBeOfProductOf(other: ControlledRollout): boolean {
    return this.#beginning === null || this.#beginning.product === other.#beginning?.product;
  }

  #beganAfter(other: ControlledRollout): boolean {
    const [mine, theirs] = [this.#beginning?.atMs ?? -Infinity, other.#beginning?.atMs ?? -Infinity];
    return mine === theirs ? this.rolloutId > other.rolloutId : mine > theirs;
  }

  #isSuperseded({ state }: LiveRollout, { isCertain, isNewest }: Standing): boolean {
    if (isNewest || !isCertain || !hasEnded(state.status)) return false;
    // What was to stop has to stop, whoever came since; what was to be given is the affair of who came.
    return state.status === "completed" || unfinishedEffects(state).length === 0;
  }

  #isDue({ state }: LiveRollout, nowMs: number, { isCertain, isNewest }: Standing): boolean {
    if (!hasEnded(state.status)) return true;
    const isRested = nowMs - this.#lastTurnMs >= restingIntervalMs;
    const isDue = isRested || unfinishedEffects(state).length > 0;
    return isDue && (state.status === "completed" ? isNewest && isCertain : state.pending.length > 0);
  }
}
