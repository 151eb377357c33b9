import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { WayBack } from "../../src/rollout/engine/way-back.ts";
import type { Population, RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planDigest,
  run,
  settle,
  stage,
  started,
  wave,
} from "./fan-rollout.ts";

/** A Sunday. */
export const nightMs = Date.parse("2026-11-22T10:00Z");
const minuteMs = 60_000;

/** The fan in production: gates of every measure, two approvers, and office hours. */
export function nightConfig(more: Partial<RolloutConfig> = {}): RolloutConfig {
  const basics = { component: "fan", everyMs: minuteMs, deadlineMs: hourMs } as const;
  const officeHours = { days: [1, 2, 3, 4], fromMinute: 540, untilMinute: 960, zone: "Europe/Amsterdam" };
  return fanConfig({
    environment: "production",
    rulesVersion: 3,
    stages: [
      stage("canary", {
        waves: [wave({ kind: "label", label: "ring", value: "canary", max: 20 }, 10)],
        gates: ["updated", "crashes", "latency"],
      }),
      stage("fleet", {
        waves: [wave({ kind: "percent", percent: 50 }, 50), wave({ kind: "percent", percent: 100 }, 100)],
        approvalsRequired: 2,
        windows: [officeHours],
      }),
    ],
    gates: {
      ...fanConfig().gates,
      crashes: { ...basics, measure: "count", failures: "crashed", of: "all", limitPercent: 1, alpha: 0.05 },
      latency: {
        ...basics,
        measure: "metric",
        component: null,
        query: "latency",
        bound: { kind: "max", value: 0.5 },
        readings: 3,
        dryRun: true,
      },
    },
    ...more,
  });
}

export const nightPopulation: Population = {
  devices: 40,
  versions: { fan: { "1.8.0": 12, "1.9.4": 20, "2.0.0": 8 }, app: { "4.1.0": 100 } },
  out: { fan: { devices: 32, asleep: 3, sinceMs: nightMs - 50 * hourMs } },
};

const atMs = (hours: number): number => nightMs + hours * hourMs;
const reading = (value: number | null, against: number | null, problem: string | null = null) => {
  return { atMs: nightMs, value, against, problem };
};

/** What happened, oldest first, with the hour at which it did. */
export type Told = readonly [hours: number, event: RolloutEvent];

export const canaryUnderWay: Told = [
  0.25,
  observed({
    population: nightPopulation,
    progress: {
      ...fleetOf("fan", 7),
      ...fleetOf("bad", 1, { status: "failed", reason: "no space left" }),
      ...fleetOf("busy", 2, { status: "updating" }),
    },
    waiting: { "fan-20": "its app 4.0.0 is too old" },
    readings: { crashes: reading(1, 120), latency: reading(0.31234, null) },
  }),
];
export const canaryGood: Told = [
  2,
  observed({
    population: nightPopulation,
    progress: { ...fleetOf("fan", 30), ...fleetOf("busy", 2) },
    readings: { crashes: reading(1, 1200), latency: reading(null, null, "connection refused") },
  }),
];
export const canaryBad: Told = [
  2,
  observed({
    population: nightPopulation,
    progress: {
      ...fleetOf("bad", 20, { status: "failed", reason: "no space left" }),
      ...fleetOf("busy", 2),
    },
  }),
];

export function said(type: "approved" | "denied", by: string, reason = ""): RolloutEvent {
  return { type, stage: "fleet", planDigest, by, reason };
}

/** The rollout after what was told; every effect is confirmed at once, the way back as it is given. */
export function night(
  told: readonly Told[],
  { config = nightConfig(), wayBack }: { config?: RolloutConfig; wayBack?: WayBack } = {},
): RolloutState {
  let state = settle(started(config, nightMs), nightMs);
  for (const [hours, event] of told) {
    state = run(state, atMs(hours), event);
    const key = state.pending.find(({ kind }) => kind === "plan-way-back")?.key;
    if (key && wayBack) state = run(state, atMs(hours), { type: "effect-done", key, wayBack });
    state = settle(state, atMs(hours));
  }
  return state;
}

/** The way back to the one version that devices had, open or closed. */
export function wayBackTo(version: string, isOpen: boolean): WayBack {
  if (isOpen) return { open: { fan: [version] }, closed: [] };
  const pair = {
    a: "app@4.1.0",
    b: `fan@${version}`,
    verdict: "incompatible" as const,
    evidence: "app needs fan >=2.0.0",
  };
  const why = `app@4.1.0 does not fit fan@${version}`;
  return {
    open: {},
    closed: [
      { component: "fan", version, pairs: [pair], why, instead: ["Release fan 2.0.1 without the mistake"] },
    ],
  };
}
