import { Exit } from "../../../src/base/error-codes.ts";
import { IotctlError } from "../../../src/base/errors.ts";
import { type Random, randomInteger } from "../../../src/base/random.ts";
import type { Freeze } from "../../../src/manifest/environment.ts";
import type { Plan } from "../../../src/planner/plan.ts";
import type { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import type { RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { hasEnded, type RolloutState, stillLooks } from "../../../src/rollout/engine/state.ts";
import type { JournalRecord } from "../../../src/rollout/journal/journal.ts";
import type { LiveRollout } from "../../../src/rollout/live-rollout.ts";
import type { RolloutPorts } from "../../../src/rollout/rollout-ports.ts";
import { pick, randomFor } from "./chance.ts";
import { broken } from "./invariant-broken.ts";
import { ModelMetrics } from "./model-metrics.ts";
import { modelPorts } from "./model-ports.ts";
import { ModelWorld } from "./model-world.ts";
import { duty, regret, whim, wish } from "./people.ts";
import { RolloutChecker } from "./rollout-checker.ts";
import { type Scenario, scenarioOf } from "./scenario.ts";
import { minuteMs } from "./settings.ts";
import { type SimulatedJournal, SimulatedJournals } from "./simulated-journal.ts";
import { away, drawJump, drawTrouble, Killed, type Trouble } from "./trouble.ts";

/** The code under test; a mutant is another one of these. */
export interface RolloutCode {
  readonly advance: typeof import("../../../src/rollout/advance.ts").advance;
  readonly tell: typeof import("../../../src/rollout/advance.ts").tell;
  readonly decide: typeof import("../../../src/rollout/engine/decide.ts").decide;
  readonly describeRollout: typeof describeRollout;
  readonly LiveRollout: typeof LiveRollout;
  readonly startRollout: typeof import("../../../src/rollout/start-rollout.ts").startRollout;
}

export interface SimulationResult {
  readonly status: RolloutState["status"];
  readonly healthy: boolean;
  readonly devices: number;
  readonly records: readonly JournalRecord[];
  /** What happened, and how often. */
  readonly events: Readonly<Record<string, number>>;
  readonly plan: Plan;
}

const stepsMax = 40;
/** Then nothing bad happens any more and people do what is asked of them. */
const calmStepsMax = 60;
/** A rollout that did nothing for so many calm turns waits for what does not come. */
const idleMax = 12;
/** A way back that began late may take so many turns more. */
const wayBackMax = 60;

/**
 * One rollout from its start to its end in a model world, all of it from one seed: remotes that are
 * away, controllers that die at any call or write, are held up, are two, people who press anything at
 * any moment, clocks that jump, devices that lie. Throws InvariantBroken.
 *
 * @param tell hears in words what happens
 */
export async function simulateRollout(
  seed: number,
  code: RolloutCode,
  tell?: (what: string) => void,
): Promise<SimulationResult> {
  return new Simulation(seed, code, tell).run();
}

/** What nobody says: turns alone write it. */
const turnEvents = { observed: 1, "effect-done": 1, "effect-failed": 1, "freezes-changed": 1 };

class Simulation {
  readonly #code: RolloutCode;
  readonly #tell: ((what: string) => void) | undefined;
  readonly #scenario: Scenario;
  readonly #chaos: Random;
  readonly #people: Random;
  readonly #pace: Random;
  readonly #trouble: Trouble;
  readonly #world: ModelWorld;
  readonly #metrics: ModelMetrics;
  readonly #ports: RolloutPorts;
  readonly #freezesNow: () => readonly Freeze[];
  readonly #events: Record<string, number> = {};
  #journal: SimulatedJournal | null = null;
  #checker: RolloutChecker | null = null;
  /** The state that the records come to, folded apart from the controllers. */
  #state: RolloutState | null = null;
  #seen = 0;
  /** How many controllers are at work inside of one another. */
  #depth = 0;
  #turnLost = false;
  #skewMs = 0;
  #jumpTurns = 0;
  #calm = false;

  constructor(seed: number, code: RolloutCode, tell?: (what: string) => void) {
    this.#code = code;
    this.#tell = tell;
    this.#scenario = scenarioOf(seed);
    const { devices, freezes, healthy, metricMood, offered, services, startMs } = this.#scenario;
    this.#chaos = randomFor(seed, 2);
    this.#people = randomFor(seed, 3);
    this.#pace = randomFor(seed, 4);
    this.#trouble = drawTrouble(this.#chaos, healthy);
    this.#world = new ModelWorld({
      devices,
      services,
      offered,
      compatible: (a, b) => this.#checker?.deeds.fits(a, b) ?? false,
      devicesJudge: this.#pace.next() < 0.5,
      circumstances: () => ({
        knownRecord: this.#journal?.known ?? 0,
        afterRecord: this.#journal?.records.length ?? 0,
        atMs: this.#now(),
        turnLost: this.#turnLost,
      }),
      startMs,
    });
    const world = this.#world;
    this.#metrics = new ModelMetrics(this.#chaos, metricMood, () => world.nowMs);
    this.#freezesNow = () =>
      freezes.flatMap(({ announcedAtMs, freeze }) => (announcedAtMs <= world.nowMs ? [freeze] : []));
    this.#ports = modelPorts(world, {
      random: this.#chaos,
      strike: (moment, what) => this.#strike(moment, what),
      refusals: this.#trouble.refusal,
      storeCounts: healthy || this.#pace.next() < 0.8,
      cut: (count) => this.#cut(count),
      metrics: this.#metrics,
      now: () => this.#now(),
      freezes: this.#freezesNow,
    });
  }

  async run(): Promise<SimulationResult> {
    const { config, healthy } = this.#scenario;
    this.#pass(minuteMs);
    const journal = await this.#begin();
    const checker = this.#watch(journal);
    const temper = {
      unrest: healthy ? 0 : pick(this.#people, [0, 0.03, 0.15]),
      diligence: healthy ? 1 : pick(this.#people, [1, 0.3, 0.05]),
      regret: !healthy && this.#people.next() < 0.3,
    };
    const guests = healthy || config.pairing === "arbitrary" ? 0 : pick(this.#people, [0, 0.1, 0.8]);
    const patience = this.#scenario.large ? 0.3 : 1;
    let controller = this.#newController(journal);
    let idle = 0;
    const goesBack = (): boolean => this.#folded().status === "rolling-back";
    const steps = (stepsMax + calmStepsMax) * (healthy ? 3 : patience);
    for (let step = 0; idle < idleMax && step < (goesBack() ? steps + wayBackMax : steps); step++) {
      const isCalm = step >= stepsMax * patience;
      if (isCalm && !this.#calm && temper.regret) await this.#say(regret(this.#people));
      this.#calm = isCalm;
      if (this.#isEnough()) break;
      this.#newDay();
      const event = this.#calm ? duty(this.#folded()) : wish(this.#folded(), this.#people, temper);
      if (event) await this.#say(event);
      const records = journal.records.length;
      const died = !(await this.#turn(controller));
      if (died || (this.#depth === 0 && this.#pace.next() < 0.03)) controller = this.#newController(journal);
      idle = this.#calm && records === journal.records.length ? idle + 1 : 0;
      checker.deeds.pairs();
      if (!this.#calm && this.#people.next() < guests) this.#welcomeGuest();
      this.#pass(randomInteger(this.#pace, 2, this.#calm ? 110 : 55) * minuteMs);
      checker.deeds.pairs();
    }
    const state = this.#folded();
    if (state.status === "rolling-back") broken("the way back never ends");
    if (healthy && state.status !== "completed") broken(`all is well, but it is ${state.status}`);
    checker.numbers(state, this.#now(), this.#code.describeRollout);
    const live = new this.#code.LiveRollout(journal);
    await live.catchUp();
    same(live.state, state, "a replay and the live run");
    return {
      status: state.status,
      healthy,
      devices: this.#world.devices.length,
      records: journal.records,
      events: this.#events,
      plan: config.plan,
    };
  }

  /** Who was away may still come after the end, and people may still ask for anything. */
  #isEnough(): boolean {
    const { status } = this.#folded();
    if (!hasEnded(status)) return false;
    if (status === "completed") return this.#calm && this.#scenario.latecomers.length === 0;
    return this.#calm || this.#people.next() < 0.1;
  }

  /** The clock of whoever is at work. */
  #now(): number {
    return this.#world.nowMs + this.#skewMs;
  }

  #folded(): RolloutState {
    if (!this.#state) throw new Error("the journal is empty");
    return this.#state;
  }

  #count(what: string, more = ""): void {
    this.#events[what] = (this.#events[what] ?? 0) + 1;
    this.#tell?.(`${what} ${more}`);
  }

  async #begin(): Promise<SimulatedJournal> {
    for (;;) {
      const journals = new SimulatedJournals((moment, what) => this.#strike(moment, what));
      const journal = await this.#attempt(() =>
        this.#code.startRollout(journals, this.#scenario.config, this.#now()),
      );
      const [rolloutId] = await journals.list();
      if (journal !== null || rolloutId !== undefined) return journals.open(rolloutId ?? "");
    }
  }

  #watch(journal: SimulatedJournal): RolloutChecker {
    this.#journal = journal;
    this.#checker = new RolloutChecker(
      this.#scenario,
      this.#world,
      this.#metrics,
      journal.rolloutId,
      this.#freezesNow,
    );
    this.#follow();
    return this.#checker;
  }

  #newController(journal: SimulatedJournal): LiveRollout {
    return new this.#code.LiveRollout(journal);
  }

  /** What may change between two turns. */
  #newDay(): void {
    for (const { atMs, device } of this.#scenario.latecomers) {
      if (atMs > this.#world.nowMs || this.#world.devices.includes(device)) continue;
      device.nextPollAtMs = this.#world.nowMs;
      this.#world.join(device);
      this.#count("joined", device.id);
    }
    if (this.#calm) this.#skewMs = 0;
    else if (this.#skewMs === 0 && this.#chaos.next() < this.#trouble.jump) {
      const { skewMs, turns } = drawJump(this.#chaos);
      this.#skewMs = skewMs;
      this.#jumpTurns = turns;
      this.#count("clock jumped", `${Math.round(skewMs / minuteMs)} min`);
    } else if (this.#skewMs !== 0 && --this.#jumpTurns === 0) this.#skewMs = 0;
    if (!this.#calm && this.#chaos.next() < this.#trouble.restart) {
      this.#world.restartServer();
      this.#count("server restarted");
    }
  }

  /** One turn of a controller. False when it died or lost its turn, so that another takes its place. */
  async #turn(controller: LiveRollout): Promise<boolean> {
    const journal = this.#journal!;
    const began = journal.records.length;
    const looks = stillLooks(this.#folded().status);
    this.#depth++;
    this.#turnLost = false;
    try {
      const state = await this.#attempt(() => this.#code.advance(journal, this.#ports, controller));
      const isLost = this.#turnLost;
      this.#follow();
      if (state === null || isLost) return false;
      // What was said at the very end of the turn is for the next one.
      if (journal.known < journal.records.length) return true;
      if (this.#pace.next() < 0.1) {
        same(state, this.#folded(), "what advance returns and what the journal says");
        this.#checker!.numbers(state, this.#now(), this.#code.describeRollout);
      }
      const wasQuiet = journal.records.slice(began).every(({ event }) => event.type in turnEvents);
      this.#checker!.atRest(state, this.#now(), looks && wasQuiet);
      if (hasEnded(state.status)) this.#checker!.ended(state, this.#now(), this.#code.describeRollout);
      return true;
    } finally {
      this.#depth--;
      this.#turnLost = false;
    }
  }

  #strike(moment: "before" | "after", what: string): Promise<void> | undefined {
    if (this.#calm) return undefined;
    const { absence, freeze, kill, rival, speech } = this.#trouble;
    let dice = this.#chaos.next();
    if ((dice -= kill) < 0) {
      this.#count("killed", `${moment} ${what}`);
      throw new Killed();
    }
    if (what !== "append" && (dice -= absence) < 0) throw away();
    // Whoever is inside of another's turn is not disturbed.
    if (this.#depth !== 1 || this.#turnLost) return undefined;
    if ((dice -= speech) < 0) return this.#interrupt(`${moment} ${what}`);
    if ((dice -= rival) < 0) return this.#rival(`${moment} ${what}`);
    // What was sent on its way before the turn was lost cannot be called back.
    const isSafe = moment === "after" || ["listDevices", "observe", "status"].includes(what);
    return isSafe && (dice -= freeze) < 0 ? this.#freeze(`${moment} ${what}`) : undefined;
  }

  #cut(devices: number): number | null {
    if (this.#calm || devices < 2 || this.#chaos.next() >= this.#trouble.cut) return null;
    this.#count("cut in the middle of a batch");
    return randomInteger(this.#chaos, 1, devices - 1);
  }

  /** Somebody speaks while a turn is under way. */
  async #interrupt(when: string): Promise<void> {
    this.#follow();
    const event = whim(this.#folded(), this.#people);
    this.#count("spoke in a turn", when);
    this.#depth++;
    try {
      await this.#say(event);
    } finally {
      this.#depth--;
    }
  }

  /** Another controller wants its turn in the middle of one: it must be told so, having done nothing. */
  async #rival(when: string): Promise<void> {
    const journal = this.#journal!;
    const { deeds } = this.#world;
    const [records, deedsBefore, known] = [journal.records.length, deeds.length, journal.known];
    this.#count("two at once", when);
    this.#depth++;
    try {
      await this.#code.advance(journal, this.#ports);
      broken("two had their turn at once");
    } catch (error) {
      if (!(error instanceof IotctlError) || error.code !== "IOT_ROLLOUT_LOCKED") throw error;
      if (journal.records.length !== records || deeds.length !== deedsBefore)
        broken("who did not get its turn did something");
    } finally {
      this.#depth--;
      journal.known = known;
    }
  }

  /** The controller is held up for long; meanwhile its turn is lost, and another takes turns of its own. */
  async #freeze(when: string): Promise<void> {
    const journal = this.#journal!;
    this.#count("frozen", when);
    this.#follow();
    journal.loseTurn();
    const known = journal.known;
    const other = this.#newController(journal);
    for (let turns = randomInteger(this.#chaos, 1, 3); turns > 0; turns--) {
      this.#pass(randomInteger(this.#pace, 2, 50) * minuteMs);
      await this.#turn(other);
    }
    this.#turnLost = true;
    journal.known = known;
    this.#tell?.("thawed");
  }

  /** Somebody says something; who dies while saying it may have been heard all the same. */
  async #say(event: RolloutEvent): Promise<void> {
    const journal = this.#journal!;
    const { known } = journal;
    const before = this.#folded();
    const deeds = this.#world.deeds.length;
    const told = await this.#attempt(() => this.#code.tell(journal, event, this.#now()));
    const isHeard = told !== null || journal.records.length > this.#seen;
    this.#follow();
    journal.known = known;
    if (!isHeard) return;
    this.#count(event.type);
    this.#checker!.told(event, before, this.#folded(), deeds);
  }

  /** Shows new records and deeds to the checker. */
  #follow(): void {
    const { records } = this.#journal!;
    for (; this.#seen < records.length; this.#seen++) {
      const record = records[this.#seen]!;
      const { state } = this.#code.decide(this.#state, record.event, record.at);
      if (!state) throw new Error("the journal does not begin with its start");
      if (state === this.#state) broken(`record ${record.seq} changes nothing`);
      this.#tell?.(`record ${record.seq}: ${inWords(record)}`);
      if (this.#turnLost && record.event.type === "observed")
        broken("a turn that had been lost decided something");
      const before = this.#state;
      this.#state = state;
      this.#checker!.record(before, record, state);
    }
    this.#checker!.done();
  }

  #pass(ms: number): void {
    this.#world.pass(ms);
  }

  /** A guest's phone runs something of the field or of the release, not always what fits the other firmware. */
  #welcomeGuest(): void {
    const { plan, resolved } = this.#scenario.config;
    const apps = Object.entries(plan.field).filter(([name]) => resolved.components[name]?.kind === "app");
    const [component, versions] = pick(this.#people, apps);
    const device = pick(this.#people, this.#world.devices);
    if (this.#people.next() < 0.3) this.#world.farewell(device);
    else {
      const released = resolved.components[component]?.version ?? [];
      this.#world.visit(device, { component, version: pick(this.#people, [versions, released].flat()) });
    }
  }

  /** Null when the process was killed, a remote was away or the turn was lost; anything else that is thrown is a bug. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Killed) return null;
      if (!(error instanceof IotctlError)) throw error;
      if (error.exit === Exit.remote) return null;
      if (error.code === "IOT_ROLLOUT_LOCKED" && this.#turnLost) {
        this.#count("lost its turn");
        return null;
      }
      throw error;
    }
  }
}

function inWords({ at, effects, event }: JournalRecord): string {
  const { type, ...rest } = event;
  const text = type === "started" ? "" : JSON.stringify(rest);
  return `${new Date(at).toISOString()} ${type} ${text} → ${effects.join(", ") || "nothing"}`;
}

function same(a: unknown, b: unknown, what: string): void {
  if (JSON.stringify(a) !== JSON.stringify(b)) broken(`${what} differ`);
}
