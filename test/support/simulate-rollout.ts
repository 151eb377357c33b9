import { Exit } from "../../src/base/error-codes.ts";
import { IotctlError } from "../../src/base/errors.ts";
import { type Random, randomInteger } from "../../src/base/random.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import { hasEnded, type RolloutState } from "../../src/rollout/engine/state.ts";
import type { MemoryJournal } from "./memory-journal.ts";
import { MemoryJournals } from "./memory-journal.ts";
import { away, ModelWorld } from "./model-world.ts";
import { InvariantBroken, RolloutChecker } from "./rollout-checker.ts";
import { makeScenario, minuteMs, pick, randomFor, type Scenario, startMs } from "./rollout-scenario.ts";

/** The code under test; a mutant is another one of these. */
export interface RolloutCode {
  readonly advance: typeof import("../../src/rollout/advance.ts").advance;
  readonly tell: typeof import("../../src/rollout/advance.ts").tell;
  readonly decide: typeof import("../../src/rollout/engine/decide.ts").decide;
  readonly startRollout: typeof import("../../src/rollout/start-rollout.ts").startRollout;
}

export interface SimulationResult {
  readonly status: RolloutState["status"];
  readonly healthy: boolean;
  readonly records: number;
  readonly kills: number;
  readonly everRolledBack: boolean;
  readonly plan: Plan;
}

class Killed extends Error {}

const stepsMax = 60;
/** Then nothing bad happens any more and people do what is asked of them. */
const calmStepsMax = 60;

/** What the rollout of a seed is about. */
export function scenarioOf(seed: number): Scenario {
  return makeScenario(randomFor(seed, 1), { healthy: seed % 5 === 0 });
}

/**
 * One rollout from its start to its end in a model world, all of it from one seed: remotes that are
 * away, a controller that dies at any call or write and comes back, people who press anything.
 * Throws InvariantBroken.
 */
export async function simulateRollout(seed: number, code: RolloutCode): Promise<SimulationResult> {
  const scenario = scenarioOf(seed);
  const { healthy } = scenario;
  const chaos = randomFor(seed, 2);
  const people = randomFor(seed, 3);
  const pace = randomFor(seed, 4);
  const trouble = { kill: healthy ? 0 : pick(chaos, [0, 0.01, 0.05]), away: pick(chaos, [0, 0.02, 0.1]) };
  let kills = 0;
  let calm = false;
  const strike = (_: string, what: string): void => {
    if (calm) return;
    const dice = chaos.next();
    if (dice < trouble.kill) {
      kills++;
      throw new Killed();
    }
    if (what !== "append" && dice < trouble.kill + trouble.away) throw away();
  };
  const later: { checker?: RolloutChecker; journal?: MemoryJournal } = {};
  const world = new ModelWorld({
    random: chaos,
    devices: scenario.devices,
    services: scenario.services,
    offered: scenario.offered,
    compatible: (a, b) => later.checker?.fits(a, b) ?? false,
    devicesJudge: pace.next() < 0.5,
    storeCounts: healthy || pace.next() < 0.8,
    strike,
    recordsWritten: () => later.journal?.records.length ?? 0,
    refusals: healthy ? 0 : pick(chaos, [0, 0, 0.1]),
    startMs,
  });
  const checker = new RolloutChecker(scenario, world);
  later.checker = checker;
  await world.pass(minuteMs);
  const journal = await begin(code, scenario, strike, world);
  later.journal = journal;
  const shadow = new Shadow(code, checker, journal);
  shadow.follow();

  const unrest = healthy ? 0 : pick(people, [0, 0.03, 0.15]);
  const guests = healthy || scenario.config.pairing === "arbitrary" ? 0 : pick(people, [0, 0.1, 0.8]);
  let everRolledBack = false;
  for (let step = 0; step < stepsMax + calmStepsMax; step++) {
    calm = step >= stepsMax;
    const before = shadow.state;
    if (hasEnded(before.status) && (calm || people.next() < 0.2)) break;
    const event = wish(before, people, calm || healthy ? 0 : unrest);
    if (event) {
      const told = await attempt(() => code.tell(journal, event, world.clock.now()));
      // Who was killed on the way may have been heard all the same.
      if (told !== null || shadow.holdsUnread(event)) note(event, before, checker, world);
      shadow.follow();
    }
    const turnBegan = shadow.state;
    const state = await attempt(() => code.advance(journal, world.ports));
    shadow.follow();
    checker.deeds(turnBegan, shadow.state);
    if (state !== null) {
      same(state, shadow.state, "what advance returns and what the journal says");
      checker.atRest(state);
    }
    everRolledBack ||= shadow.state.status === "rolling-back";
    if (hasEnded(shadow.state.status) && state !== null) checker.ended(shadow.state);
    checker.pairs();
    if (!calm && people.next() < guests) welcomeGuest(scenario, world, people);
    await world.pass(randomInteger(pace, 2, calm ? 90 : 50) * minuteMs);
    checker.pairs();
  }
  const { status } = shadow.state;
  if (status === "rolling-back") throw new InvariantBroken("the way back never ends");
  if (healthy && status !== "completed") throw new InvariantBroken(`all is well, but it is ${status}`);
  const replayed = journal.records.reduce<RolloutState | null>(
    (state, { at, event }) => code.decide(state, event, at).state,
    null,
  );
  same(replayed, shadow.state, "a replay and the live run");
  return {
    status,
    healthy,
    records: journal.records.length,
    kills,
    everRolledBack,
    plan: scenario.config.plan,
  };
}

/** A guest's phone runs something of the field or of the release, not always what fits the other firmware. */
function welcomeGuest(scenario: Scenario, world: ModelWorld, people: Random): void {
  const [component, versions] = pick(
    people,
    Object.entries(scenario.config.plan.field).filter(
      ([name]) => scenario.config.resolved.components[name]?.kind === "app",
    ),
  );
  const device = pick(people, world.devices);
  if (people.next() < 0.3) world.farewell(device);
  else {
    const released = scenario.config.resolved.components[component]?.version ?? [];
    world.visit(device, { component, version: pick(people, [versions, released].flat()) });
  }
}

/** Folds the journal as it grows and shows each record to the checker. */
class Shadow {
  readonly #code: RolloutCode;
  readonly #checker: RolloutChecker;
  readonly #journal: MemoryJournal;
  #seen = 0;
  #state: RolloutState | null = null;

  constructor(code: RolloutCode, checker: RolloutChecker, journal: MemoryJournal) {
    this.#code = code;
    this.#checker = checker;
    this.#journal = journal;
  }

  get state(): RolloutState {
    if (!this.#state) throw new Error("the journal is empty");
    return this.#state;
  }

  holdsUnread({ type }: RolloutEvent): boolean {
    return this.#journal.records.slice(this.#seen).some(({ event }) => event.type === type);
  }

  follow(): void {
    for (const record of this.#journal.records.slice(this.#seen)) {
      const { state } = this.#code.decide(this.#state, record.event, record.at);
      if (!state) throw new Error("the journal does not begin with its start");
      if (state === this.#state) throw new InvariantBroken(`record ${record.seq} changes nothing`);
      this.#checker.record(this.#state, record, state);
      this.#state = state;
    }
    this.#seen = this.#journal.records.length;
  }
}

async function begin(
  code: RolloutCode,
  scenario: Scenario,
  strike: (moment: string, what: string) => void,
  world: ModelWorld,
): Promise<MemoryJournal> {
  for (;;) {
    const journals = new MemoryJournals(strike);
    const journal = await attempt(() => code.startRollout(journals, scenario.config, world.clock.now()));
    const [rolloutId] = await journals.list();
    if (journal !== null || rolloutId !== undefined) {
      const found = journals.open(rolloutId ?? "");
      if (found.records.length > 0) return found;
    }
  }
}

/** Null when the process was killed or a remote was away; anything else that is thrown is a bug. */
async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Killed) return null;
    if (error instanceof IotctlError && error.exit === Exit.remote) return null;
    throw error;
  }
}

/** What somebody asks for now: approvals that are due soon, anything else at random moments. */
function wish(state: RolloutState, people: Random, unrest: number): RolloutEvent | null {
  const by = pick(people, ["alice", "bob", "carol"]);
  const reason = "";
  if (people.next() < unrest) {
    const type = pick(people, [
      "paused",
      "paused",
      "resumed",
      "resumed",
      "aborted",
      "rollback-requested",
    ] as const);
    return { type, by, reason };
  }
  if (unrest > 0 && hasEnded(state.status) && people.next() < 0.2) {
    return { type: "rollback-requested", by, reason };
  }
  if (state.status === "paused" && people.next() < 0.3) return { type: "resumed", by, reason };
  if (state.status === "awaiting-approval" || people.next() < 0.1) {
    const stage = pick(people, state.config.stages).name;
    const planDigest = people.next() < 0.1 ? "sha256:another" : state.config.planDigest;
    return { type: "approved", stage, planDigest, by, reason };
  }
  return null;
}

function note(event: RolloutEvent, before: RolloutState, checker: RolloutChecker, world: ModelWorld): void {
  const { wishes } = checker;
  const goesOn = before.status === "running" || before.status === "awaiting-approval";
  switch (event.type) {
    case "paused":
      wishes.paused ||= goesOn;
      break;
    case "resumed":
      wishes.paused = false;
      break;
    case "aborted":
      if (hasEnded(before.status) || before.status === "rolling-back") break;
      wishes.aborted = true;
      wishes.paused = false;
      wishes.untouched = world.deeds.length === 0;
      break;
    case "rollback-requested":
      wishes.paused = false;
      wishes.aborted = false;
      break;
    case "approved":
      if (!hasEnded(before.status) && event.planDigest === before.config.planDigest) {
        wishes.approvals.push({ stage: event.stage, by: event.by });
      }
      break;
    case "started":
    case "observed":
    case "effect-done":
    case "effect-failed":
  }
}

function same(a: unknown, b: unknown, what: string): void {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new InvariantBroken(`${what} differ`);
}
