/** What devices wait for: a firmware that does not fit what they meet. */
export interface Guard {
  readonly component: string;
  readonly version: string;
  /** The component that has to change first, and the range that the firmware needs of it; empty when it names none. */
  readonly peer: string;
  readonly range: string;
}

export interface GuardQueue extends Guard {
  /** Devices that wait now. */
  waiting: number;
  peak: number;
  peakAtS: number;
  /** The first and the last look at which somebody waited. */
  fromS: number;
  untilS: number;
}

/** No lineup has so many components that devices could wait for. */
const queuesMax = 200;

/** Who waits at which guard of a rollout. */
export class GuardQueues {
  readonly queues: GuardQueue[] = [];
  /** By site, the number of its queue and one more; 0: it does not wait. */
  readonly #queueOf: Uint8Array;

  constructor(sites: number) {
    this.#queueOf = new Uint8Array(sites);
  }

  numberOf(guard: Guard): number {
    const known = this.queues.findIndex(
      ({ component, peer, version }) =>
        component === guard.component && version === guard.version && peer === guard.peer,
    );
    if (known !== -1) return known;
    if (this.queues.length >= queuesMax) throw new RangeError(`more than ${queuesMax} guards`);
    return this.queues.push({ ...guard, waiting: 0, peak: 0, peakAtS: 0, fromS: -1, untilS: -1 }) - 1;
  }

  /** A site waits in a queue from now on; -1: in none. */
  put(site: number, queue: number): void {
    const before = this.#queueOf[site]! - 1;
    if (before === queue) return;
    this.#queueOf[site] = queue + 1;
    if (before >= 0) this.queues[before]!.waiting--;
    if (queue >= 0) this.queues[queue]!.waiting++;
  }

  /** Notes how long the queues are at a look. */
  look(nowS: number): void {
    for (const queue of this.queues) {
      if (queue.waiting === 0) continue;
      if (queue.fromS === -1) queue.fromS = nowS;
      queue.untilS = nowS;
      if (queue.waiting <= queue.peak) continue;
      queue.peak = queue.waiting;
      queue.peakAtS = nowS;
    }
  }

  get waiting(): number {
    return this.queues.reduce((sum, { waiting }) => sum + waiting, 0);
  }
}
