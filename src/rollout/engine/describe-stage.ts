import type { ComponentVersion } from "../../compat/relation.ts";
import type { Stage } from "../../manifest/release.ts";
import { closedBecause } from "./calendar.ts";
import { viewApprovals } from "./describe-approvals.ts";
import { type GateView, viewGates } from "./describe-gates.ts";
import { versionIn } from "./known-versions.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import { type Approval, hasEnded, type RolloutState } from "./state.ts";
import { tallyOf } from "./tally.ts";

/** What somebody should know of a stage before they say yes to it. */
export interface StageDescription {
  readonly rolloutId: string;
  readonly environment: string;
  readonly product: string;
  readonly release: string;
  readonly planDigest: string;
  readonly stage: string;
  /** What the stage still brings to devices and users. */
  readonly moves: readonly StageMove[];
  /** Devices that its waves open to and that do not run the release yet; null where none were looked at. */
  readonly devices: number | null;
  /** How the gates stand that were asked so far. */
  readonly gates: readonly GateView[];
  readonly irreversible: readonly {
    readonly component: string;
    readonly version: string;
    readonly why: string;
  }[];
  readonly approvals: StageApprovals;
  /** The wave that bakes now, if it is one of this stage. */
  readonly baking: { readonly wave: string; readonly phase: number; readonly untilMs: number } | null;
  /** What speaks against it or holds it, as sentences without a full stop. */
  readonly warnings: readonly string[];
}

export interface StageMove {
  readonly component: string;
  readonly kind: "app" | "firmware" | "service";
  readonly from: readonly string[];
  readonly to: string;
  /** Devices only keep it ready. */
  readonly staged?: true;
  /** App: share of users that is shown it before this stage and after. */
  readonly percent: { readonly from: number; readonly to: number } | null;
}

export interface StageApprovals {
  readonly required: number;
  readonly missing: number;
  readonly given: readonly Approval[];
  /** One of these holds the stage. */
  readonly denied: readonly Approval[];
  /** Names of those who may say something and have not; null: anybody may. */
  readonly open: readonly string[] | null;
}

/** What is to be known of a stage now; null when the rollout has no stage of that name. */
export function describeStage(
  state: RolloutState,
  stageName: string,
  nowMs: number,
): StageDescription | null {
  const { config, population } = state;
  const index = config.stages.findIndex(({ name }) => name === stageName);
  const stage = config.stages[index];
  if (!stage) return null;
  const steps = stepsOf(state, index);
  const gates = viewGates(state, tallyOf(state));
  const approvals = approvalsOf(state, index);
  const moves = steps.map((step): StageMove => {
    const { component, replaces, staged, version } = step;
    const kind = kindOf(config, component);
    return {
      component,
      kind,
      from: replaces.length > 0 ? replaces : (config.plan.field[component] ?? []),
      to: version,
      ...(staged && { staged }),
      percent: kind === "app" ? appShares(state, index, step) : null,
    };
  });
  const description = {
    rolloutId: config.rolloutId,
    environment: config.environment,
    product: config.resolved.product,
    release: config.resolved.version,
    planDigest: config.planDigest,
    stage: stageName,
    moves,
    devices: population === null ? null : (population.ahead?.[stageName] ?? 0),
    gates,
    irreversible: moves.flatMap((move, at) => {
      const why = whyForGood(state, move, steps[at]?.reversible ?? false);
      return why === null ? [] : [{ component: move.component, version: move.to, why }];
    }),
    approvals,
    baking: bakingOf(state, stage),
  };
  return { ...description, warnings: warningsOf(state, index, description, nowMs) };
}

/** Whether every wave of a stage has begun, in every phase: nobody's word can let it begin or hold it any more. */
export function hasBegunWhole(state: RolloutState, stageName: string): boolean {
  const index = state.config.stages.findIndex(({ name }) => name === stageName);
  const next = state.waveEntered ? state.waveIndex + 1 : state.waveIndex;
  return phasesFrom(state, next).every(({ ahead }) => ahead.every(({ stageIndex }) => stageIndex !== index));
}

/** The phases that are not over, and which of their waves are ahead: in the current one those from `waveIndex` on. */
function phasesFrom({ config, phaseIndex }: RolloutState, waveIndex: number) {
  return phasesOf(config)
    .slice(phaseIndex)
    .map((phase, at) => ({ phase, ahead: at === 0 ? phase.waves.slice(waveIndex) : phase.waves }));
}

/** Steps that the stage still brings to somebody, with the wave that is under way and those ahead. */
function stepsOf(state: RolloutState, stageIndex: number) {
  return phasesFrom(state, state.waveIndex)
    .filter(({ ahead }) => ahead.some((wave) => wave.stageIndex === stageIndex))
    .flatMap(({ phase: { introductions, waves } }) =>
      introductions.filter((step) => {
        switch (kindOf(state.config, step.component)) {
          case "app": {
            const { from, to } = appShares(state, stageIndex, step);
            return to > from;
          }
          case "service":
            return waves[0]?.stageIndex === stageIndex && state.deployed[step.component] !== step.version;
          case "firmware":
            return true;
        }
      }),
    );
}

/** The share of users that is shown an app before what is left of the stage, and after it. */
function appShares(
  { config, exposed }: RolloutState,
  stageIndex: number,
  { component, version }: ComponentVersion,
): { from: number; to: number } {
  const until = (end: number): number =>
    Math.max(0, ...config.stages.slice(0, end).flatMap(({ waves }) => waves.map((wave) => wave.appsPercent)));
  const shown = exposed[`${component}@${version}`] ?? 0;
  return { from: Math.max(until(stageIndex), shown), to: until(stageIndex + 1) };
}

/** Why a move cannot be taken back; null when it can. */
function whyForGood(
  { config }: RolloutState,
  { component, from, kind, to }: StageMove,
  reversible: boolean,
): string | null {
  if (kind === "app") return "who has installed it keeps it: a store can only stop offering it";
  const counterOf = (version: string): number =>
    versionIn(config, component, version)?.resolved.securityCounter ?? 0;
  const counter = counterOf(to);
  if (kind === "firmware" && from.some((version) => counterOf(version) < counter)) {
    return `hardware that ran it refuses every version with a security counter below ${counter}`;
  }
  return reversible ? null : `an app that comes before it does not fit ${from.join(", ")}`;
}

function approvalsOf(state: RolloutState, stageIndex: number): StageApprovals {
  const { approvers, stages } = state.config;
  const required = stages[stageIndex]?.approvalsRequired ?? 0;
  const view = viewApprovals(state, stageIndex);
  const { denied, given, missing } = view ?? { denied: [], given: [], missing: 0 };
  const said = new Set([...given, ...denied].map(({ by }) => by));
  const names = approvers && [...new Set(approvers.map(({ name }) => name))];
  return { required, missing, given, denied, open: names?.filter((name) => !said.has(name)) ?? null };
}

/** A wave, its stage, and its phase from 1: waves are called the same in each. */
export interface BakingWave {
  readonly stage: string;
  readonly wave: string;
  readonly phase: number;
}

/** The wave whose bake time could be ended now; null when there is none. */
export function bakingWave(state: RolloutState): BakingWave | null {
  const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
  const stage = state.config.stages[wave?.stageIndex ?? -1];
  const isOver = hasEnded(state.status) || state.status === "rolling-back";
  if (!wave || !stage || !state.waveEntered || state.bakeSkipped || isOver) return null;
  return { stage: stage.name, wave: wave.name, phase: state.phaseIndex + 1 };
}

function bakingOf(state: RolloutState, { bakeMs, name }: Stage): StageDescription["baking"] {
  const baking = bakingWave(state);
  if (baking?.stage !== name) return null;
  return { wave: baking.wave, phase: baking.phase, untilMs: state.waveStartedAtMs + bakeMs };
}

function warningsOf(
  state: RolloutState,
  stageIndex: number,
  { approvals, gates, moves }: Pick<StageDescription, "approvals" | "gates" | "moves">,
  nowMs: number,
): string[] {
  const closed = closedBecause(nowMs, state.config.stages[stageIndex]?.windows, state.freezes);
  const until =
    closed === null || closed.opensAtMs === null
      ? "for more than a year"
      : `until ${new Date(closed.opensAtMs).toISOString()}`;
  return [
    ...(hasEnded(state.status) || state.status === "rolling-back"
      ? [`the rollout is ${state.status.replaceAll("-", " ")}: nothing that is said now moves it`]
      : []),
    ...(state.status === "paused"
      ? ["the rollout is paused: nothing begins before somebody resumes it"]
      : []),
    ...(state.failure === null ? [] : [`it has failed: ${state.failure.reason}`]),
    ...approvals.denied.map(({ by, reason }) => `${by} has denied it${reason === "" ? "" : ` (${reason})`}`),
    ...gates
      .filter(({ dryRun, verdict }) => verdict === "fail" && !dryRun)
      .map(({ name }) => `gate ${name} fails`),
    ...(closed === null ? [] : [`${closed.why}: nothing of it begins ${until}`]),
    ...(moves.length === 0 ? ["nothing is left that this stage would move"] : []),
    ...(approvals.required === 0 ? ["the stage asks for no approval"] : []),
  ];
}
