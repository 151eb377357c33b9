import type { CountGate, Gate, MetricBound, MetricGate } from "../../manifest/release.ts";
import type { MetricReading } from "./metric-reading.ts";
import { sequentialTest } from "./sequential-test.ts";
import type { MetricRecord } from "./state.ts";

type Verdict = "pass" | "fail" | "inconclusive";

/** The record of a gate with one more reading. No data breaks a row of good readings, and excuses no bad one. */
export function recordReading(
  gate: Gate,
  before: MetricRecord | undefined,
  last: MetricReading,
): MetricRecord {
  const against = finite(last.against) ?? before?.against ?? null;
  // The last that was seen of them counts when nobody is left, not when asking for them fails.
  const compared = last.problem === null ? against : null;
  const isGood = gate.measure === "metric" ? isWithin(gate.bound, last.value, compared) : countable(last);
  return {
    last,
    good: isGood === true ? (before?.good ?? 0) + 1 : 0,
    bad: isGood === null ? (before?.bad ?? 0) : isGood ? 0 : (before?.bad ?? 0) + 1,
    dataAtMs: isGood === null ? (before?.dataAtMs ?? null) : last.atMs,
    against,
  };
}

/** What was good before a wave began says nothing about it; what was bad does. */
export function forNewWave(metrics: Readonly<Record<string, MetricRecord>>): Record<string, MetricRecord> {
  return Object.fromEntries(Object.entries(metrics).map(([name, record]) => [name, { ...record, good: 0 }]));
}

/** What the readings of a metric come to; a reading without data never passes. */
export function metricVerdict({ readings }: MetricGate, record: MetricRecord | undefined): Verdict {
  if (!record) return "inconclusive";
  if (record.bad >= readings) return "fail";
  return record.good >= readings ? "pass" : "inconclusive";
}

/** The sequential test over what the two queries of a gate counted. */
export function countVerdict({ alpha, limitPercent }: CountGate, record: MetricRecord | undefined): Verdict {
  const { against, value } = record?.last ?? { against: null, value: null };
  if (!record?.good || value === null || against === null) return "inconclusive";
  const verdict = sequentialTest(value, against, limitPercent / 100, alpha);
  return verdict === "hold" ? "inconclusive" : verdict;
}

/** Null where there is nothing to say it by. */
function isWithin({ kind, value: bound }: MetricBound, value: number | null, against: number | null) {
  if (value === null || finite(value) === null) return null;
  switch (kind) {
    case "max":
      return value <= bound;
    case "min":
      return value >= bound;
    case "max-increase":
      return against === null ? null : value <= against + (Math.abs(against) * bound) / 100;
    case "max-decrease":
      return against === null ? null : value >= against - (Math.abs(against) * bound) / 100;
  }
}

/** Counts are numbers of which no more fail than there are. */
function countable({ against, value }: Pick<MetricReading, "against" | "value">): true | null {
  if (value === null || against === null || finite(value) === null || finite(against) === null) return null;
  return value >= 0 && value <= against ? true : null;
}

/** NaN and infinity are no data, whoever lets them through. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
