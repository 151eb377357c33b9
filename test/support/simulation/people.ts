import type { Random } from "../../../src/base/random.ts";
import type { Consent, RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { phasesOf } from "../../../src/rollout/engine/release-kinds.ts";
import { hasEnded, type RolloutState } from "../../../src/rollout/engine/state.ts";
import { pick } from "./chance.ts";

const people = ["alice", "bob", "carol"];

const verbs = [
  "paused",
  "paused",
  "resumed",
  "resumed",
  "retried",
  "retried",
  "approved",
  "approved",
  "denied",
  "bake-skipped",
  "aborted",
  "rollback-requested",
] as const;

/** Anything that somebody may ask for, at the wrong moment as likely as at the right one. */
export function whim(state: RolloutState, random: Random): RolloutEvent {
  const type = pick(random, verbs);
  const by = pick(random, people);
  const reason = "";
  switch (type) {
    case "retried": {
      const failed = Object.keys(state.devices).filter((id) => state.devices[id]?.status === "failed");
      const some = [...failed.slice(0, 1), pick(random, ["nobody", ...Object.keys(state.devices)])];
      return random.next() < 0.5 ? { type, by, reason } : { type, by, reason, deviceIds: some };
    }
    case "approved":
    case "denied":
    case "bake-skipped":
      return consent(type, state, random, by);
    case "paused":
    case "resumed":
    case "aborted":
    case "rollback-requested":
      return { type, by, reason };
  }
}

function consent(type: Consent["type"], state: RolloutState, random: Random, by: string): Consent {
  const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
  const isRight = random.next() < 0.6;
  const stage = isRight && wave ? state.config.stages[wave.stageIndex] : pick(random, state.config.stages);
  return {
    type,
    stage: random.next() < 0.05 ? "another" : (stage?.name ?? ""),
    ...(type === "bake-skipped" && {
      wave: isRight && wave ? wave.name : "ramp 30%",
      phase: random.next() < 0.8 ? state.phaseIndex + 1 : 1,
    }),
    planDigest: random.next() < 0.1 ? "sha256:another" : state.config.planDigest,
    by,
    reason: "",
  };
}

/** What the people of one rollout are like. */
export interface Temper {
  /** How often somebody asks for anything at all. */
  readonly unrest: number;
  /** How often somebody approves what waits for it. */
  readonly diligence: number;
  /** In the end somebody wants to go back. */
  readonly regret: boolean;
}

/** What somebody asks for between two turns: approvals that are due soon, anything else at random moments. */
export function wish(
  state: RolloutState,
  random: Random,
  { diligence, unrest }: Temper,
): RolloutEvent | null {
  if (random.next() < unrest) return whim(state, random);
  const by = pick(random, people);
  if (unrest > 0 && hasEnded(state.status) && random.next() < 0.2)
    return { type: "rollback-requested", by, reason: "" };
  if (state.status === "paused" && random.next() < 0.3) return { type: "resumed", by, reason: "" };
  if (state.status === "awaiting-approval" && random.next() < diligence)
    return consent("approved", state, random, by);
  return null;
}

/** What somebody asks for who wants to go back whatever has become of it. */
export function regret(random: Random): RolloutEvent {
  const type = random.next() < 0.7 ? "rollback-requested" : "aborted";
  return { type, by: pick(random, people), reason: "" };
}

/** What is asked of people so that a rollout goes on, done by whoever has not done it. */
export function duty(state: RolloutState): RolloutEvent | null {
  const by = people[0]!;
  if (state.status === "paused") return { type: "resumed", by, reason: "" };
  if (state.status !== "awaiting-approval") return null;
  const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
  const stage = state.config.stages[wave?.stageIndex ?? -1]?.name ?? "";
  const words = state.approvals.filter((each) => each.stage === stage);
  const next =
    people.find((name) => words.some((word) => word.by === name && word.denied)) ??
    people.find((name) => !words.some((word) => word.by === name)) ??
    by;
  return { type: "approved", stage, planDigest: state.config.planDigest, by: next, reason: "" };
}
