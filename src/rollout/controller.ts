import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { advance } from "./advance.ts";
import { hasEnded, stillLooks } from "./engine/state.ts";
import type { RolloutJournals } from "./journal/journal.ts";
import { LiveRollout } from "./live-rollout.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

export interface ControllerOptions {
  readonly journals: RolloutJournals;
  readonly ports: RolloutPorts;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Takes lines for the operator: what has changed, what went wrong. */
  readonly log: (line: string) => void;
}

/** Who was away when a rollout completed is looked for less often. */
const restingIntervalMs = 60_000;

/**
 * Moves every rollout of an environment on until it is told to stop: the same turn as `rollout
 * advance`, every so often. Trouble with one rollout is told once and keeps neither it nor the others
 * from being tried again; where somebody else has the turn, it is theirs.
 */
export async function controlRollouts(options: ControllerOptions): Promise<void> {
  const { clock, intervalMs, journals, log, ports, signal } = options;
  const rollouts = new Map<string, Controlled>();
  const say = onceEach(log);
  while (!signal.aborted) {
    const ids = await journals.list().catch((error: unknown) => {
      say("", messageOf(error));
      return [];
    });
    for (const id of ids) {
      if (!rollouts.has(id)) rollouts.set(id, new Controlled(journals.open(id), ports));
    }
    const newest = new Map<string, Controlled>();
    for (const [id, rollout] of rollouts) {
      await rollout.catchUp().then(
        (product) => newest.set(product, rollout),
        (error: unknown) => say(id, `${id}: ${messageOf(error)}`),
      );
    }
    for (const [id, rollout] of rollouts) {
      if (signal.aborted) break;
      await rollout.turn(clock.now(), [...newest.values()].includes(rollout)).then(
        (status) => status !== null && say(id, `${id}: ${status}`),
        (error: unknown) => say(id, `${id}: ${messageOf(error)}`),
      );
    }
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}

/** One rollout as the controller keeps it between turns. */
class Controlled {
  readonly rolloutId: string;
  readonly #live: LiveRollout;
  readonly #ports: RolloutPorts;
  #lastTurnMs = -Infinity;
  #isRead = false;
  #isOver = false;

  constructor(journal: ReturnType<RolloutJournals["open"]>, ports: RolloutPorts) {
    this.rolloutId = journal.rolloutId;
    this.#live = new LiveRollout(journal, ports.checkRecord);
    this.#ports = ports;
  }

  /** Reads what is new in the journal. The product that the rollout is of. */
  async catchUp(): Promise<string> {
    // What a later rollout took over from has nothing new to say.
    if (!this.#isOver) await this.#live.catchUp();
    this.#isRead = true;
    return this.#live.state.config.resolved.product;
  }

  /** Takes a turn where there may be something to do. The status after it; null when there was nothing to do. */
  async turn(nowMs: number, isNewest: boolean): Promise<string | null> {
    if (this.#isOver || !this.#isRead) return null;
    const { status } = this.#live.state;
    const rests = hasEnded(status);
    this.#isOver = rests && !isNewest;
    if (this.#isOver || !stillLooks(status)) return null;
    if (rests && nowMs - this.#lastTurnMs < restingIntervalMs) return null;
    this.#lastTurnMs = nowMs;
    await advance(this.#live.journal, this.#ports, this.#live);
    return this.#live.state.status;
  }
}

/** Says about each subject what was not the last thing said about it. */
function onceEach(log: (line: string) => void): (subject: string, line: string) => void {
  const last = new Map<string, string>();
  return (subject, line) => {
    if (last.get(subject) === line) return;
    last.set(subject, line);
    log(line);
  };
}
