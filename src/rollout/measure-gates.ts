import { IotctlError, messageOf } from "../base/errors.ts";
import type { CountGate, MetricGate } from "../manifest/release.ts";
import { type MetricAnswer, type MetricSource, noSeries } from "../metrics/metric-source.ts";
import { fillVersions, versionsIn } from "../metrics/versions-in-query.ts";
import { metricGatesInForce } from "./engine/gates.ts";
import type { MetricReading } from "./engine/metric-reading.ts";
import type { RolloutState } from "./engine/state.ts";

/** Gates that are asked for side by side; each has up to two queries. */
const parallelMax = 4;
/** A pattern of more versions than most fleets have is one that some device made up. */
const versionsMax = 100;

type Versions = readonly [string, ...string[]];

/**
 * What the metrics say now of the gates that are due, by gate. No trouble with them is more than a
 * reading without data: a rollout whose health cannot be seen is held by its gates, not by an error.
 */
export async function measureGates(
  state: RolloutState,
  source: MetricSource,
  nowMs: number,
): Promise<Record<string, MetricReading>> {
  const due = metricGatesInForce(state).filter(([name, { everyMs }]) => {
    const lastAtMs = state.metrics[name]?.last.atMs;
    // A clock that was set back must not silence a gate until it has caught up.
    return lastAtMs === undefined || Math.abs(nowMs - lastAtMs) >= everyMs;
  });
  const ask = patientAsker(source, nowMs);
  const readings: Record<string, MetricReading> = {};
  const queue = due.values();
  const work = async (): Promise<void> => {
    for (const [name, gate] of queue) readings[name] = await readGate(gate, state, ask, nowMs);
  };
  await Promise.all(Array.from({ length: parallelMax }, work));
  return Object.fromEntries(due.map(([name]) => [name, readings[name]!]));
}

type Ask = (query: string) => Promise<MetricAnswer>;

/** Where one query finds nobody there, the others of the same moment do not wait for that too. */
function patientAsker(source: MetricSource, nowMs: number): Ask {
  let absence: MetricAnswer | null = null;
  return async (query) => {
    if (absence) return absence;
    try {
      return await source.query(query, nowMs);
    } catch (error) {
      if (!(error instanceof IotctlError)) throw error;
      absence = { problem: messageOf(error) };
      return absence;
    }
  };
}

async function readGate(
  gate: MetricGate | CountGate,
  state: RolloutState,
  ask: Ask,
  nowMs: number,
): Promise<MetricReading> {
  const released = releasedVersion(gate, state);
  const none = { atMs: nowMs, value: null, against: null };
  if (gate.measure === "count") {
    const [failures, of] = [await ask(fill(gate.failures, released)), await ask(fill(gate.of, released))];
    if ("problem" in failures) {
      const isBoth = "problem" in of && of.problem === failures.problem;
      return { ...none, problem: isBoth ? failures.problem : `failures: ${failures.problem}` };
    }
    if ("problem" in of) return { ...none, problem: `of: ${of.problem}` };
    const problem = countProblem(failures.value, of.value);
    return problem === null
      ? { atMs: nowMs, value: failures.value, against: of.value, problem }
      : { ...none, problem };
  }
  const measured = await ask(fill(gate.query, released));
  if ("problem" in measured) return { ...none, problem: measured.problem };
  const { value } = measured;
  const others = isComparison(gate) ? otherVersions(gate, state) : null;
  if (!others) return { ...none, value, problem: null };
  const compared = await ask(fill(gate.query, others));
  if ("value" in compared) return { ...none, value, against: compared.value, problem: null };
  // Who is left may sleep; that is not the same as a question that got no answer.
  if (compared.problem === noSeries) return { ...none, value, problem: null };
  return { ...none, value, problem: `of ${others.join(", ")}: ${compared.problem}` };
}

function fill(query: string, versions: Versions | null): string {
  return versions ? fillVersions(query, versions) : query;
}

function releasedVersion({ component }: MetricGate | CountGate, { config }: RolloutState): Versions | null {
  const version = component === null ? undefined : config.resolved.components[component]?.version;
  return version === undefined ? null : [version];
}

function isComparison({ bound, query }: MetricGate): boolean {
  return bound.kind.startsWith("max-") && versionsIn(query).length > 0;
}

/** Those of a component that most use beside the released one; null when there are none. */
function otherVersions({ component }: MetricGate, { config, population }: RolloutState): Versions | null {
  if (component === null) return null;
  const counted = Object.entries(population?.versions[component] ?? {})
    .toSorted(([, a], [, b]) => b - a)
    .map(([version]) => version);
  const inUse = counted.length > 0 ? counted : (config.plan.field[component] ?? []);
  const released = config.resolved.components[component]?.version;
  const [first, ...rest] = inUse
    // A pattern of nothing would match every series that has no such label.
    .filter((version) => version !== released && version !== "")
    .slice(0, versionsMax);
  return first === undefined ? null : [first, ...rest];
}

function countProblem(failures: number, of: number): string | null {
  if (failures < 0 || of < 0) return `counts are not negative: ${failures} of ${of}`;
  return failures <= of ? null : `more failures than there were: ${failures} of ${of}`;
}
