import type { Relation } from "../../compat/relation.ts";
import type { DeviceSelection } from "../../manifest/release.ts";
import { servicesInField } from "../../rollout/engine/device-facts.ts";
import { furthestFirst, stepsUnderWay } from "../../rollout/engine/find-admissible.ts";
import type { FirmwareStep } from "../../rollout/engine/firmware-step.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";
import { activity } from "./activity.ts";
import { answer, GateTable } from "./gate-table.ts";
import type { GuardQueues } from "./guard-queues.ts";
import type { LabelledSites } from "./labelled-sites.ts";
import { numberOf } from "./lineup.ts";
import type { SiteWorld } from "./site-world.ts";

const cohortBuckets = 10_000;

type LabelSelection = DeviceSelection & { readonly kind: "label" };

interface OpenStep {
  readonly step: FirmwareStep;
  readonly firmware: number;
  readonly staged: boolean;
  /** Devices below this place are in the cohort of some wave so far. */
  readonly limit: number;
  readonly labels: readonly LabelSelection[];
  /** A device that the step repairs waits for no wave. */
  readonly promptly: boolean;
  readonly gate: GateTable;
}

/**
 * Gives devices what a wave opens to them and their gate admits, as the rollout does with devices one
 * by one: the same cohorts, the same gate, the furthest step first. Everybody is asked when a wave or
 * a service changed, else only those of whom something new is known.
 */
export class Admission {
  readonly #world: SiteWorld;
  readonly #relation: Relation;
  readonly #queues: GuardQueues;
  readonly #labelled: LabelledSites;
  #open: readonly OpenStep[] = [];
  #openKey = "";

  constructor(options: {
    readonly world: SiteWorld;
    readonly relation: Relation;
    readonly queues: GuardQueues;
    readonly labelled: LabelledSites;
  }) {
    this.#world = options.world;
    this.#relation = options.relation;
    this.#queues = options.queues;
    this.#labelled = options.labelled;
  }

  admit(state: RolloutState, nowS: number): void {
    const changed = this.#refresh(state);
    if (this.#open.length === 0) return;
    for (const open of this.#open) for (const wave of open.labels) this.#fill(open, wave, nowS);
    if (!changed) {
      for (const site of this.#world.news) this.#consider(site, nowS);
      return;
    }
    for (let site = 0; site < this.#world.sites.count; site++) this.#consider(site, nowS);
  }

  /** Brings the open steps up to date; true when they changed. */
  #refresh(state: RolloutState): boolean {
    const { deployed, phaseIndex, waveEntered, waveIndex } = state;
    const key = JSON.stringify([phaseIndex, waveIndex, waveEntered, deployed]);
    if (key === this.#openKey) return false;
    this.#openKey = key;
    const peers = servicesInField(state, this.#relation);
    const { lineup } = this.#world;
    this.#open = furthestFirst(stepsUnderWay(state)).map(({ promptly, step, waves }) => {
      const selections = waves.map(({ devices }) => devices);
      const percents = selections.flatMap((one) => (one.kind === "percent" ? [one.percent] : []));
      const { config } = state;
      const parts = { step, lineup, relation: this.#relation, config, peers, queues: this.#queues };
      return {
        step,
        firmware: numberOf(lineup.firmwares, step),
        staged: step.staged ?? false,
        limit: Math.round((Math.max(0, ...percents) / 100) * cohortBuckets),
        labels: selections.flatMap((one) => (one.kind === "label" ? [one] : [])),
        promptly,
        gate: new GateTable(parts),
      };
    });
    return true;
  }

  /** Takes devices with a label until the wave has as many as it is bounded to. */
  #fill(open: OpenStep, { label, max, value }: LabelSelection, nowS: number): void {
    const counts = this.#world.devices.countsOf(open.firmware, open.staged);
    const taken = counts.toBegin + counts.updating + counts.updated + counts.failed;
    let places = (max ?? Infinity) - taken;
    if (places <= 0) return;
    // Devices in a broken pair are taken before the others.
    for (const wanted of [answer.repairs, answer.admitted]) {
      for (const site of this.#labelled.with(label, value)) {
        if (places <= 0) return;
        // Who is refused takes up no place, and waits for nothing either: others are taken instead.
        if (!this.#isFree(site, open) || this.#ask(site, open) !== wanted) continue;
        this.#assign(site, open, nowS);
        places--;
      }
    }
  }

  /** Gives a device the furthest step that is open to it, or lets it wait. */
  #consider(site: number, nowS: number): void {
    const place = this.#world.sites.bucket[site]!;
    let isAsked = false;
    let queue = -1;
    for (const open of this.#open) {
      const inCohort = place < open.limit;
      if ((!inCohort && !open.promptly) || !this.#isFree(site, open)) continue;
      const said = this.#ask(site, open);
      if (said === answer.repairs || (said === answer.admitted && inCohort)) {
        this.#assign(site, open, nowS);
        return;
      }
      isAsked ||= inCohort;
      if (said >= answer.waits && inCohort && queue === -1) queue = said - answer.waits;
    }
    if (isAsked) this.#queues.put(site, queue);
  }

  /** Nothing is under way on the device, and a staged image is not staged again. */
  #isFree(site: number, { staged }: OpenStep): boolean {
    const { devices, sites } = this.#world;
    return (
      devices.activity[site] === activity.idle &&
      sites.firmware[site] !== 0 &&
      !(staged && sites.staged[site] !== 0)
    );
  }

  #ask(site: number, { gate }: OpenStep): number {
    const { firmware, model, pairedApp } = this.#world.sites;
    return gate.ask(model[site]!, firmware[site]!, pairedApp[site]!);
  }

  #assign(site: number, open: OpenStep, nowS: number): void {
    this.#queues.put(site, -1);
    this.#world.devices.assign(site, open.firmware, open.staged, nowS);
  }
}
