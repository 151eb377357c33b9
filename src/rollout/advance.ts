import { canonicalJson } from "../base/canonical-json.ts";
import { Exit } from "../base/error-codes.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { nextEffect } from "./engine/decide.ts";
import type { Observed, RolloutEvent } from "./engine/events.ts";
import { relationOf } from "./engine/known-versions.ts";
import { kindOf } from "./engine/release-kinds.ts";
import { hasEnded, stillLooks, type RolloutState } from "./engine/state.ts";
import { partsOfLook } from "./engine/parts-of-look.ts";
import { survey } from "./engine/survey.ts";
import { assignmentsOf } from "./engine/track-progress.ts";
import type { MetricSource } from "../metrics/metric-source.ts";
import type { JournalRecord, RolloutJournal, TurnHold } from "./journal/journal.ts";
import { rolloutLocked } from "./journal/rollout-locked.ts";
import { LiveRollout, type RecordCheck, type Taken } from "./live-rollout.ts";
import { measureGates } from "./measure-gates.ts";
import { observeField } from "./observe-field.ts";
import type { RolloutPorts } from "./rollout-ports.ts";
import { runEffect } from "./run-effect.ts";

/** Each effect may bring about others; a rollout that never comes to rest in one turn is a bug. */
const effectsPerTurnMax = 1000;
/** People may speak this often while one thing is being written down. */
const interruptionsMax = 50;

/**
 * One turn of the loop, and the only thing that moves a rollout: look at the field, decide, write
 * the decision down, then do it, then write down what came of it. Killed anywhere and run again it
 * goes on. Whoever finds another's turn under way gets IOT_ROLLOUT_LOCKED and has done nothing.
 * Throws what the backends throw when they cannot be reached; nothing is lost by that.
 *
 * @param live the same rollout as it was left after the turn before, which spares reading it all again
 */
export async function advance(
  journal: RolloutJournal,
  ports: RolloutPorts,
  live: LiveRollout = new LiveRollout(journal, ports.checkRecord),
): Promise<RolloutState> {
  return journal.turn(async (hold) => {
    await live.catchUp();
    await noteFreezes(live, ports);
    await lookAround(live, ports, hold);
    const refused = new Set<string>();
    for (let count = 0; ; count++) {
      const effect = nextEffect(live.state, ports.clock.now(), refused);
      if (!effect) break;
      if (count >= effectsPerTurnMax) throw new Error(`rollout ${journal.rolloutId} does not come to rest`);
      hold.assertHeld();
      const event = await runEffect(effect, live.state, ports, hold).catch((error: unknown) =>
        failure(effect.key, error),
      );
      if (event.type === "effect-failed") refused.add(effect.key);
      await insist(live, event, ports.clock.now());
    }
    return live.state;
  });
}

/** Writes down what a person wants, at any moment; the turn under way, or the next, acts on it. Returns the state with it. */
export async function tell(
  journal: RolloutJournal,
  event: RolloutEvent,
  at: number,
  check?: RecordCheck,
): Promise<RolloutState> {
  const live = new LiveRollout(journal, check);
  await live.catchUp();
  await insist(live, event, at, false);
  return live.state;
}

/** The state as the journal has it. */
export async function readRollout(journal: RolloutJournal, check?: RecordCheck): Promise<RolloutState> {
  const live = new LiveRollout(journal, check);
  await live.catchUp();
  return live.state;
}

/** What the environment forbids at which times is part of what was decided on. */
async function noteFreezes(live: LiveRollout, { clock, freezes = [] }: RolloutPorts): Promise<void> {
  if (!stillLooks(live.state.status)) return;
  if (canonicalJson(live.state.freezes) === canonicalJson(freezes)) return;
  await insist(live, { type: "freezes-changed", freezes }, clock.now());
}

const isForLater: ReadonlySet<number> = new Set([Exit.remote, Exit.undecided, Exit.staleOrLocked]);

/** A look is held against the state that it was made for; where somebody spoke meanwhile it is made again. */
async function lookAround(live: LiveRollout, ports: RolloutPorts, hold: TurnHold): Promise<void> {
  for (let tries = 0; tries < interruptionsMax; tries++) {
    if (!stillLooks(live.state.status)) return;
    const seen = await look(live.state, ports);
    // Whoever was held up for long has seen a field of long ago, partly.
    hold.assertHeld();
    if (await takeInParts(live, seen, ports)) return;
  }
}

/** Whether all of a look was written down; not where somebody spoke meanwhile. */
async function takeInParts(live: LiveRollout, seen: Observed, { clock }: RolloutPorts): Promise<boolean> {
  for (const part of partsOfLook(seen)) {
    if (isOvertaken(await live.take(part, clock.now()), live.journal)) return false;
  }
  return true;
}

/** Writes an event down, whatever was said meanwhile; it is held against that. */
async function insist(live: LiveRollout, event: RolloutEvent, at: number, isTurn = true): Promise<void> {
  for (let tries = 0; tries < interruptionsMax; tries++) {
    const taken = await live.take(event, at);
    if (!isOvertaken(taken, live.journal, isTurn)) return;
  }
  throw rolloutLocked(live.journal.rolloutId);
}

/** People may write during a turn; what only a turn writes says that this one was lost to another. */
function isOvertaken(taken: Taken, { rolloutId }: RolloutJournal, isTurn = true): boolean {
  if (taken === "written" || taken === "nothing") return false;
  if (isTurn && taken.overtakenBy.some(isOfTurn)) throw rolloutLocked(rolloutId);
  return true;
}

function isOfTurn({ event: { type } }: JournalRecord): boolean {
  return (
    type === "observed" || type === "effect-done" || type === "effect-failed" || type === "freezes-changed"
  );
}

async function look(state: RolloutState, ports: RolloutPorts): Promise<Observed> {
  const { config, status } = state;
  const apps = Object.keys(config.resolved.components).filter(
    (component) => kindOf(config, component) === "app",
  );
  const assignments = [...assignmentsOf(state, false), ...assignmentsOf(state, true)];
  const measure = (): ReturnType<typeof measureGates> =>
    measureGates(state, ports.metrics ?? noMetrics, ports.clock.now());
  const readings = hasEnded(status) ? {} : await measure();
  const snapshot = await observeField(ports, assignments, apps);
  const reduce = (more: typeof readings): Observed =>
    survey(state, { ...snapshot, readings: more }, relationOf(config), ports.clock.now());
  const seen = reduce(readings);
  // What was good when the rollout completed need not be when a device comes back months later.
  return status === "completed" && seen.admissible.length > 0 ? reduce(await measure()) : seen;
}

/** Where the environment of whoever has the turn says nothing of metrics, nothing is known. */
const noMetrics: MetricSource = {
  name: "none",
  query: async () => ({ problem: "no metrics are configured where the turn was taken" }),
};

/** Who cannot be reached, or lost the turn, tries again in the next one; anything else is an answer and stops the rollout. */
function failure(key: string, error: unknown): RolloutEvent {
  if (!(error instanceof IotctlError) || isForLater.has(error.exit)) throw error;
  return { type: "effect-failed", key, code: error.code, message: messageOf(error) };
}
