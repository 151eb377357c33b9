import type { Plan } from "../../planner/plan.ts";
import type { RolloutStatus } from "../../rollout/engine/state.ts";
import { milestonePercents } from "./adoption.ts";
import type { PairKind } from "./pair-hours.ts";
import type { Moment } from "./rollout-at-sites.ts";
import type { SimulatedRun } from "./simulate-release.ts";
import type { SimulationModel } from "./simulation-model.ts";

/** A simulated release beside the same one without a plan; the field names are stable. Days are from the start. */
export interface SimulationReport {
  readonly schemaVersion: 1;
  readonly product: string;
  readonly release: string;
  readonly sites: number;
  readonly seed: number;
  readonly model: SimulationModel;
  /** What was simulated otherwise than the manifest says, as sentences. */
  readonly notes: readonly string[];
  readonly plan: Plan;
  readonly planned: RunReport;
  readonly naive: RunReport;
}

export interface RunReport {
  /** How long was simulated. */
  readonly days: number;
  /** One rollout; the naive way has one for each component. */
  readonly rollouts: readonly RolloutReport[];
  readonly adoption: readonly AdoptionReport[];
  readonly guards: readonly GuardReport[];
  /** Hours that sites spent with a pair that does not fit, added up, by kind. */
  readonly pairHours: Readonly<Record<PairKind, number>>;
  /** Longest first. */
  readonly pairs: readonly PairReport[];
  readonly curves: Curves;
}

export interface RolloutReport {
  /** The component that it moves; empty for the planned one. */
  readonly component: string;
  readonly status: RolloutStatus;
  readonly failure: string | null;
  readonly moments: readonly { readonly day: number; readonly what: Moment["what"]; readonly name: string }[];
}

export interface AdoptionReport {
  readonly component: string;
  readonly version: string;
  readonly kind: "app" | "firmware";
  /** Devices, or users. */
  readonly population: number;
  /** On the target in the end. */
  readonly onTarget: number;
  /** When 50, 95 and 99 percent were there; null: not within the simulated days. */
  readonly reachedDays: Readonly<Record<"50" | "95" | "99", number | null>>;
}

export interface GuardReport {
  readonly component: string;
  readonly version: string;
  /** What devices wait for: that component, in that range. */
  readonly peer: string;
  readonly range: string;
  readonly peakDevices: number;
  readonly peakDay: number;
  readonly fromDay: number;
  readonly untilDay: number;
  readonly waitingAtEnd: number;
}

export interface PairReport {
  readonly a: string;
  readonly b: string;
  readonly kind: PairKind;
  readonly hours: number;
  /** The most sites with it at one look. */
  readonly peakSites: number;
}

/** Samples over the simulated time, all of one length. */
export interface Curves {
  readonly days: readonly number[];
  /** By component, percent of its population. */
  readonly onTarget: Readonly<Record<string, readonly number[]>>;
  /** Devices at a guard. */
  readonly waiting: readonly number[];
  /** Sites in an incompatible, and in a bridged pair. */
  readonly incompatible: readonly number[];
  readonly bridged: readonly number[];
}

/** As many samples as a wide screen shows. */
const samplesMax = 400;

/** What came of one run. */
export function reportRun(run: SimulatedRun, controlIntervalS: number): RunReport {
  run.pairs.count();
  const kinds = ["incompatible", "bridged", "left-behind", "broken"] as const;
  return {
    days: days(run.looks * controlIntervalS),
    rollouts: run.rollouts.map(({ moments, state: { config, failure, status } }) => ({
      component: run.mode === "planned" ? "" : (config.plan.steps[0]?.component ?? ""),
      status,
      failure: failure && [failure.gate, failure.reason].filter(Boolean).join(": "),
      moments: moments.map(({ atS, name, what }) => ({ day: days(atS), what, name })),
    })),
    adoption: run.adoptions.all.map(({ component, kind, onTarget, population, reachedS, version }) => {
      const [half, most, all] = milestonePercents.map((_, index) => {
        const atS = reachedS[index] ?? null;
        return atS === null ? null : days(atS);
      });
      const reachedDays = { "50": half ?? null, "95": most ?? null, "99": all ?? null };
      return { component, version, kind, population, onTarget: onTarget.at(-1) ?? 0, reachedDays };
    }),
    guards: run.rollouts.flatMap(({ queues }) =>
      queues.queues
        .filter(({ peak }) => peak > 0)
        .map(({ component, fromS, peak, peakAtS, peer, range, untilS, version, waiting }) => ({
          component,
          version,
          peer,
          range,
          peakDevices: peak,
          peakDay: days(peakAtS),
          fromDay: days(fromS),
          untilDay: days(untilS),
          waitingAtEnd: waiting,
        })),
    ),
    pairHours: Object.fromEntries(
      kinds.map((kind) => [kind, rounded(run.pairs.hours(kind))]),
    ) as RunReport["pairHours"],
    pairs: run.pairs.pairs.map(({ a, b, hours, kind, peakSites }) => ({
      a,
      b,
      kind,
      hours: rounded(hours),
      peakSites,
    })),
    curves: curvesOf(run, controlIntervalS),
  };
}

function curvesOf(run: SimulatedRun, controlIntervalS: number): Curves {
  const every = Math.max(1, Math.ceil(run.looks / samplesMax));
  const sampled = (values: readonly number[]): number[] => values.filter((_, look) => look % every === 0);
  return {
    days: sampled(run.waiting.map((_, look) => days(look * controlIntervalS))),
    onTarget: Object.fromEntries(
      run.adoptions.all.map(({ component, onTarget, population }) => [
        component,
        sampled(onTarget).map((sites) => rounded((sites / population) * 100)),
      ]),
    ),
    waiting: sampled(run.waiting),
    incompatible: sampled(run.incompatible),
    bridged: sampled(run.bridged),
  };
}

function days(seconds: number): number {
  return rounded(seconds / 86_400);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
