import { Exit } from "../base/error-codes.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { decide, nextEffect } from "./engine/decide.ts";
import type { RolloutEvent } from "./engine/events.ts";
import { relationOf } from "./engine/known-versions.ts";
import { kindOf } from "./engine/release-kinds.ts";
import { stillLooks, type RolloutState } from "./engine/state.ts";
import { survey } from "./engine/survey.ts";
import { assignmentsOf } from "./engine/track-progress.ts";
import { foldJournal } from "./fold.ts";
import type { Append, RolloutJournal } from "./journal/journal.ts";
import { observeField } from "./observe-field.ts";
import type { RolloutPorts } from "./rollout-ports.ts";
import { runEffect } from "./run-effect.ts";

/** Each effect may bring about others; a rollout that never comes to rest in one turn is a bug. */
const effectsPerTurnMax = 1000;

/**
 * One turn of the loop, and the only thing that moves a rollout: look at the field, decide, write
 * the decision down, then do it, then write down what came of it. Killed anywhere and run again it
 * goes on. Throws what the backends throw when they cannot be reached; nothing is lost by that.
 */
export async function advance(journal: RolloutJournal, ports: RolloutPorts): Promise<RolloutState> {
  return journal.exclusively(async (records, append) => {
    let state = started(foldJournal(records), journal.rolloutId);
    const take = (event: RolloutEvent): void => {
      state = decideAndWrite(state, event, ports.clock.now(), append);
    };

    if (stillLooks(state.status)) take(await look(state, ports));
    for (let count = 0; ; count++) {
      const effect = nextEffect(state);
      if (!effect) break;
      if (count >= effectsPerTurnMax) throw new Error(`rollout ${journal.rolloutId} does not come to rest`);
      take(
        await runEffect(effect, state.config, ports).catch((error: unknown) => failure(effect.key, error)),
      );
    }
    return state;
  });
}

/** Writes down what a person wants; the next turn acts on it. Returns the state with it. */
export async function tell(journal: RolloutJournal, event: RolloutEvent, at: number): Promise<RolloutState> {
  return journal.exclusively(async (records, append) => {
    const state = started(foldJournal(records), journal.rolloutId);
    return decideAndWrite(state, event, at, append);
  });
}

/** A decision is in the journal before anything of it is done; one that changes nothing is not written. */
function decideAndWrite(state: RolloutState, event: RolloutEvent, at: number, append: Append): RolloutState {
  const decision = decide(state, event, at);
  if (decision.state === state || decision.state === null) return state;
  append([{ at, event, effects: decision.effects.map(({ key }) => key) }]);
  return decision.state;
}

/** The state as the journal has it. */
export async function readRollout(journal: RolloutJournal): Promise<RolloutState> {
  return started(foldJournal(await journal.read()), journal.rolloutId);
}

async function look(state: RolloutState, ports: RolloutPorts): Promise<RolloutEvent> {
  const { config } = state;
  const apps = Object.keys(config.resolved.components).filter(
    (component) => kindOf(config, component) === "app",
  );
  const assignments = [...assignmentsOf(state, false), ...assignmentsOf(state, true)];
  const snapshot = await observeField(ports, assignments, apps);
  return survey(state, snapshot, relationOf(config), ports.clock.now());
}

/** Who cannot be reached is tried again in the next turn; anything else is an answer and stops the rollout. */
function failure(key: string, error: unknown): RolloutEvent {
  if (!(error instanceof IotctlError) || error.exit === Exit.remote || error.exit === Exit.undecided)
    throw error;
  return { type: "effect-failed", key, code: error.code, message: messageOf(error) };
}

function started(state: RolloutState | null, rolloutId: string): RolloutState {
  if (state) return state;
  throw new IotctlError(
    "IOT_JOURNAL_DAMAGED",
    `The journal of rollout ${rolloutId} does not begin with its start.`,
  );
}
