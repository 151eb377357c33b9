import { IotctlError } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import type { MetricAnswer, MetricSource } from "../../../src/metrics/metric-source.ts";

/** How the metrics of one rollout fare. */
export interface MetricMood {
  /** Queries about other versions than these are about those who were not updated, who fare well. */
  readonly released: readonly string[];
  /** From then on they show that something is wrong; Infinity: they never do. */
  readonly badFromMs: number;
  /** From then on nobody answers; Infinity: somebody always does. */
  readonly darkFromMs: number;
  /** The chance that an answer is no number, that nobody answers, or that it is a lie of any size. */
  readonly trouble: number;
}

/** What was answered, for who judges it afterwards. */
export interface Answered {
  readonly query: string;
  readonly atMs: number;
  /** Null: there was no number. */
  readonly value: number | null;
}

const oddNumbers = [Number.NaN, Infinity, -Infinity, -1, 1e300, 0];

/** Metrics that may be away, have nothing to say, or lie. A query begins with the two numbers that it fluctuates between. */
export class ModelMetrics implements MetricSource {
  readonly name = "model";
  readonly answered: Answered[] = [];
  readonly #random: Random;
  readonly #mood: MetricMood;
  readonly #nowMs: () => number;

  constructor(random: Random, mood: MetricMood, nowMs: () => number) {
    this.#random = random;
    this.#mood = mood;
    this.#nowMs = nowMs;
  }

  async query(query: string, atMs: number): Promise<MetricAnswer> {
    const answer = this.#answer(query);
    const value = answer && "value" in answer && Number.isFinite(answer.value) ? answer.value : null;
    this.answered.push({ query, atMs, value });
    if (answer) return answer;
    throw new IotctlError("IOT_METRICS_UNREACHABLE", "nobody answers");
  }

  #answer(query: string): MetricAnswer | null {
    if (this.#nowMs() >= this.#mood.darkFromMs) return null;
    const dice = this.#random.next();
    if (dice < this.#mood.trouble) {
      const which = Math.floor((dice / this.#mood.trouble) * 4);
      if (which === 0) return null;
      if (which === 1) return { problem: "no series matches" };
      if (which === 2) return { problem: "it is not a query", refused: true };
      return { value: oddNumbers[Math.floor(this.#random.next() * oddNumbers.length)] ?? 0 };
    }
    const [, good = "0", bad = "0"] = query.match(/^(\S+) or (\S+) /) ?? [];
    const isBad = this.#nowMs() >= this.#mood.badFromMs && !this.#isAboutOthers(query);
    return { value: Number(isBad ? bad : good) };
  }

  #isAboutOthers(query: string): boolean {
    const plain = query.replaceAll("\\", "");
    return plain.includes("version=~") && !this.#mood.released.some((each) => plain.includes(`(?:${each})`));
  }
}
