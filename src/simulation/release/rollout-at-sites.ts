import type { Relation } from "../../compat/relation.ts";
import { applyEvent } from "../../rollout/engine/apply-event.ts";
import { decide } from "../../rollout/engine/decide.ts";
import { type RolloutEvent, sawOnly } from "../../rollout/engine/events.ts";
import { gatesAreOpen } from "../../rollout/engine/gates.ts";
import { approvalsMissing } from "../../rollout/engine/approvals.ts";
import { judge, watchHealth } from "../../rollout/engine/judge.ts";
import { kindOf, phasesOf } from "../../rollout/engine/release-kinds.ts";
import { retirementsMissing } from "../../rollout/engine/retirement.ts";
import { mayGoOn, type RolloutConfig, type RolloutState } from "../../rollout/engine/state.ts";
import type { Tally } from "../../rollout/engine/tally.ts";
import { Admission } from "./admission.ts";
import { carryOut, takeBack } from "./carry-out.ts";
import { GuardQueues } from "./guard-queues.ts";
import type { LabelledSites } from "./labelled-sites.ts";
import type { People } from "./people.ts";
import type { SiteWorld } from "./site-world.ts";
import { populationOf, tallyOf } from "./site-counts.ts";

/** Each effect may bring about others; a rollout that never comes to rest in one turn is a bug. */
const effectsPerTurnMax = 1000;

export interface Moment {
  readonly atS: number;
  readonly what: "wave" | "approval" | "floor" | "stopped" | "completed";
  readonly name: string;
}

export interface RolloutParts {
  readonly config: RolloutConfig;
  readonly relation: Relation;
  readonly world: SiteWorld;
  readonly labelled: LabelledSites;
  readonly people: People;
}

/** What a simulation needs of a rollout. */
export interface SiteRollout {
  readonly state: RolloutState;
  readonly isOver: boolean;
  readonly moments: readonly Moment[];
  readonly queues: GuardQueues;
  turn(): void;
}

/**
 * A rollout over all sites: the engine's own events, judgement, gates and schedule, fed with counts
 * instead of devices. One turn is what `advance` does with a fleet of devices one by one.
 */
export class RolloutAtSites implements SiteRollout {
  readonly queues: GuardQueues;
  readonly moments: Moment[] = [];
  #state: RolloutState;
  readonly #world: SiteWorld;
  readonly #people: People;
  readonly #admission: Admission;

  constructor({ config, labelled, people, relation, world }: RolloutParts) {
    this.#world = world;
    this.#people = people;
    this.queues = new GuardQueues(world.sites.count);
    this.#admission = new Admission({ world, relation, queues: this.queues, labelled });
    const { state } = decide(null, { type: "started", config }, 0);
    if (!state) throw new Error("a rollout that was started has a state");
    this.#state = state;
    this.#noteWave();
  }

  get state(): RolloutState {
    return this.#state;
  }

  /** Whether nothing of it moves any more; going back is not simulated. */
  get isOver(): boolean {
    return !mayGoOn(this.#state) && this.#state.status !== "completed";
  }

  /** One turn: look, admit, judge, carry out. */
  turn(): void {
    if (this.isOver) return;
    const { nowS } = this.#world;
    const nowMs = nowS * 1000;
    this.#people.show(nowS, this.#world);
    const population = populationOf(this.#state, this.#world);
    this.#apply(sawOnly(population));
    this.#keep(watchHealth(this.#state, this.#tally(), nowMs));
    const takesLatecomers = this.#state.status === "completed" && gatesAreOpen(this.#state, this.#tally());
    // Firmware that was planned after a service waits until that is deployed.
    const deploys = this.#state.pending.some(({ kind }) => kind === "deploy-service");
    if (!deploys && (mayGoOn(this.#state) || takesLatecomers)) this.#admission.admit(this.#state, nowS);
    this.#keep(judge(this.#state, this.#tally(), nowMs));
    this.#carryOut(nowMs);
    this.#askPeople(nowS);
    this.queues.look(nowS);
  }

  #tally(): Tally {
    return tallyOf(this.#state.config, this.#world);
  }

  #apply(event: RolloutEvent): void {
    this.#keep(applyEvent(this.#state, event, this.#world.nowS * 1000) ?? this.#state);
  }

  #keep(next: RolloutState): void {
    const before = this.#state;
    this.#state = next;
    const isSame = before.waveIndex === next.waveIndex && before.phaseIndex === next.phaseIndex;
    if (!before.waveEntered || !isSame) this.#noteWave();
    if (before.status === next.status) return;
    if (next.status === "completed") this.#note("completed", "");
    if (next.status === "rolling-back" || next.status === "failed") {
      // The engine takes back what it knows to be assigned, and here it knows no device.
      takeBack(next.config, this.#world);
      this.#note("stopped", [next.failure?.gate, next.failure?.reason].filter(Boolean).join(": "));
    }
  }

  #noteWave(): void {
    const { config, phaseIndex, waveEntered, waveIndex } = this.#state;
    const wave = phasesOf(config)[phaseIndex]?.waves[waveIndex];
    if (waveEntered && wave) this.#note("wave", wave.name);
  }

  #note(what: Moment["what"], name: string): void {
    this.moments.push({ atS: this.#world.nowS, what, name });
  }

  #carryOut(nowMs: number): void {
    for (let count = 0; this.#state.pending[0]; count++) {
      if (count >= effectsPerTurnMax) throw new Error("the simulated rollout does not come to rest");
      const effect = this.#state.pending[0];
      carryOut(effect, this.#state.config, this.#world, this.#people);
      this.#apply({ type: "effect-done", key: effect.key });
      this.#keep(judge(this.#state, this.#tally(), nowMs));
    }
  }

  /** People approve what waits for them, and raise a floor where a version does not leave by itself. */
  #askPeople(nowS: number): void {
    const { config, phaseIndex, status, waveEntered, waveIndex } = this.#state;
    const phase = phasesOf(config)[phaseIndex];
    if (!phase) return;
    const stage = config.stages[phase.waves[waveIndex]?.stageIndex ?? -1];
    if (this.#people.approves(status === "awaiting-approval" ? (stage?.name ?? "") : null, nowS)) {
      const missing = approvalsMissing(this.#state, phase);
      for (let person = 1; person <= missing; person++) {
        const by = `person-${person}`;
        this.#apply({
          type: "approved",
          stage: stage?.name ?? "",
          planDigest: config.planDigest,
          by,
          reason: "",
        });
      }
      this.#note("approval", stage?.name ?? "");
      this.#keep(judge(this.#state, this.#tally(), nowS * 1000));
      this.#carryOut(nowS * 1000);
    }
    const waits = mayGoOn(this.#state) && !waveEntered && waveIndex === 0;
    const missing = waits ? retirementsMissing(this.#state, phase) : [];
    for (const { component, floor } of missing) {
      if (floor === undefined || kindOf(config, component) !== "app") continue;
      if (this.#people.raises({ component, version: floor }, nowS, this.#world)) {
        this.#note("floor", `${component} ${floor}`);
      }
    }
  }
}
