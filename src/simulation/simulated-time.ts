import type { Clock } from "../base/clock.ts";

/** Where simulated time stood at a real instant, and how fast it runs. Plain JSON, to be kept on disk. */
export interface TimeAnchor {
  readonly realMs: number;
  readonly simulatedMs: number;
  /** Simulated milliseconds per real millisecond. */
  readonly timeScale: number;
}

/**
 * Simulated time as a straight line over real time: it goes on while the program is away, never
 * goes back, and keeps its place when the scale is changed between two runs.
 */
export class SimulatedTime {
  readonly anchor: TimeAnchor;
  readonly #clock: Clock;

  constructor(clock: Clock, timeScale: number, previous: TimeAnchor | null) {
    this.#clock = clock;
    const realMs = clock.now();
    const simulatedMs = previous === null ? realMs : simulatedAt(previous, realMs);
    this.anchor = { realMs, simulatedMs, timeScale };
  }

  now(): number {
    return simulatedAt(this.anchor, this.#clock.now());
  }
}

function simulatedAt(anchor: TimeAnchor, realMs: number): number {
  return anchor.simulatedMs + Math.max(0, realMs - anchor.realMs) * anchor.timeScale;
}
