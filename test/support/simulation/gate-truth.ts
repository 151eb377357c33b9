import type { CountGate, DeviceGate, MetricBound, MetricGate } from "../../../src/manifest/release.ts";
import type { Observed } from "../../../src/rollout/engine/events.ts";
import { type FirmwareStep, stepName } from "../../../src/rollout/engine/firmware-step.ts";
import { sequentialTest } from "../../../src/rollout/engine/sequential-test.ts";
import type { Answered } from "./model-metrics.ts";
import { broken } from "./invariant-broken.ts";
import type { RecordedDevices } from "./recorded-devices.ts";
import type { ModelConfig } from "./settings.ts";

export type Verdict = "pass" | "fail" | "hold";

export interface Counts {
  readonly good: number;
  readonly bad: number;
  /** Updated devices that were neither heard of again nor quiet for long. */
  readonly undecided: number;
}

interface Row {
  good: number;
  bad: number;
  value: number | null;
  against: number | null;
  compared: number | null;
  askedAtMs: number;
  dataAtMs: number;
}

/** What gates come to by what devices did and by what the metrics answered, reckoned apart from the engine. */
export class GateTruth {
  readonly #config: ModelConfig;
  readonly #devices: RecordedDevices;
  readonly #rows = new Map<string, Row>();
  readonly #test = rememberedTest();

  constructor(config: ModelConfig, devices: RecordedDevices) {
    this.#config = config;
    this.#devices = devices;
  }

  /** Takes in readings; each must be what was answered. */
  read(readings: NonNullable<Observed["readings"]>, answered: readonly Answered[]): void {
    for (const [name, { against, atMs, problem, value }] of Object.entries(readings)) {
      const gate = this.#config.gates[name];
      if (gate?.measure !== "metric" && gate?.measure !== "count") broken(`${name} was measured`);
      const asked = answered.filter((each) => each.atMs === atMs);
      for (const number of [value, against]) {
        if (number !== null && !asked.some((each) => each.value === number))
          broken(`gate ${name} was read as ${number}, which nobody answered`);
      }
      const row = this.#rows.get(name) ?? newRow();
      this.#rows.set(name, row);
      row.askedAtMs = atMs;
      row.value = value;
      row.against = against;
      row.compared = against ?? row.compared;
      const compared = problem === null ? row.compared : null;
      const isGood =
        gate.measure === "metric" ? within(gate.bound, value, compared) : countable(value, against);
      if (isGood !== null) row.dataAtMs = atMs;
      row.good = isGood === true ? row.good + 1 : 0;
      if (isGood !== null) row.bad = isGood ? 0 : row.bad + 1;
    }
  }

  /** What was good before a wave began says nothing about it. */
  beginWave(): void {
    for (const row of this.#rows.values()) row.good = 0;
  }

  /** When a gate was asked for last, and when there was a number for it. */
  lastRead(name: string): { askedAtMs: number; dataAtMs: number } {
    return this.#rows.get(name) ?? newRow();
  }

  ofMetric(name: string, gate: MetricGate | CountGate): Verdict {
    const row = this.#rows.get(name);
    if (!row) return "hold";
    if (gate.measure === "count") {
      if (row.value === null || row.against === null) return "hold";
      const verdict = this.#test(row.value, row.against, gate.limitPercent / 100, gate.alpha);
      return row.good > 0 ? verdict : "hold";
    }
    if (row.bad >= gate.readings) return "fail";
    return row.good >= gate.readings ? "pass" : "hold";
  }

  /** Passes only where it would also if everybody who was not heard of yet had failed. */
  ofDevices(gate: DeviceGate, step: FirmwareStep): Verdict {
    const { bad, good, undecided } = this.counts(gate, step);
    const limit = gate.limitPercent / 100;
    const verdict = this.#test(bad, bad + good, limit, gate.alpha);
    if (verdict !== "pass") return verdict;
    return this.#test(bad + undecided, bad + good + undecided, limit, gate.alpha) === "pass"
      ? "pass"
      : "hold";
  }

  /** Everybody counts with the first time that they were given a step. */
  counts({ measure }: DeviceGate, step: FirmwareStep): Counts {
    const name = stepName(step);
    let [good, bad, undecided] = [0, 0, 0];
    for (const attempts of this.#devices.forward.values()) {
      for (const { heard, silent, status, step: given } of attempts) {
        if (given.retry !== undefined || stepName(given) !== name) continue;
        if (measure === "update-failure") {
          if (status === "failed") bad++;
          if (status === "updated") good++;
        } else if (status === "updated") {
          if (silent) bad++;
          else if (heard) good++;
          else undecided++;
        }
      }
    }
    return { good, bad, undecided };
  }
}

function newRow(): Row {
  return { good: 0, bad: 0, value: null, against: null, compared: null, askedAtMs: -Infinity, dataAtMs: 0 };
}

function within({ kind, value: bound }: MetricBound, value: number | null, compared: number | null) {
  if (value === null) return null;
  if (kind === "max") return value <= bound;
  if (kind === "min") return value >= bound;
  if (compared === null) return null;
  const share = (Math.abs(compared) * bound) / 100;
  return kind === "max-increase" ? value <= compared + share : value >= compared - share;
}

function countable(value: number | null, against: number | null): true | null {
  return value !== null && against !== null && value >= 0 && value <= against ? true : null;
}

/** The test of few devices is asked very often, and takes most of the time. */
function rememberedTest(): typeof sequentialTest {
  const verdicts = new Map<string, Verdict>();
  return (failures, devices, limit, alpha) => {
    const key = `${failures} ${devices} ${limit} ${alpha}`;
    const known = verdicts.get(key) ?? sequentialTest(failures, devices, limit, alpha);
    verdicts.set(key, known);
    return known;
  };
}
