import { createRelation, type LiveSets, type Relation, type VersionFacts } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import { cohortSalt } from "../../rollout/engine/cohort.ts";
import { silenceDeadlineMs } from "../../rollout/engine/track-device.ts";
import { Adoptions } from "./adoption.ts";
import { Chances } from "./chances.ts";
import { countLooks } from "./count-looks.ts";
import type { FieldShares } from "./field-shares.ts";
import { GoneVersions } from "./gone-versions.ts";
import { LabelledSites } from "./labelled-sites.ts";
import { lineUp, numberOf, rangeOf } from "./lineup.ts";
import { PairHours } from "./pair-hours.ts";
import { People } from "./people.ts";
import { naivePlans, simulatedConfig, withoutPins } from "./rollout-config.ts";
import { RolloutAtSites, type RolloutParts, type SiteRollout } from "./rollout-at-sites.ts";
import { Services, servicesEnded } from "./services.ts";
import type { SimulationModel } from "./simulation-model.ts";
import { drawSites, type Sites } from "./sites.ts";
import { SiteWorld } from "./site-world.ts";

export interface SimulationRequest {
  readonly release: Release;
  readonly plan: Plan;
  readonly facts: readonly VersionFacts[];
  readonly relation: Relation;
  readonly field: LiveSets;
  readonly shares: FieldShares;
  readonly model: SimulationModel;
  readonly sites: number;
  readonly seed: number;
  readonly daysMax: number;
}

/** One way of releasing, carried out over all sites: call `step` until it is done. */
export class SimulatedRun {
  readonly world: SiteWorld;
  readonly rollouts: readonly SiteRollout[];
  readonly adoptions: Adoptions;
  readonly pairs: PairHours;
  /** At each look: devices waiting at a guard, sites in an incompatible and in a bridged pair. */
  readonly waiting: number[] = [];
  readonly incompatible: number[] = [];
  readonly bridged: number[] = [];
  readonly mode: "planned" | "naive";
  readonly #people: readonly People[];
  readonly #looksMax: number;

  /** `begin` begins one rollout; with another one the same sites can be released to in another way. */
  constructor(
    request: SimulationRequest,
    drawn: Sites,
    mode: "planned" | "naive",
    begin: (parts: RolloutParts) => SiteRollout = (parts) => new RolloutAtSites(parts),
  ) {
    const { daysMax, facts, field, model, plan, relation, release, seed } = request;
    const target = targetOf(release);
    const lineup = lineUpOf(request);
    this.mode = mode;
    this.#looksMax = countLooks(daysMax, model.controlIntervalS);
    const services = Object.keys(target).filter((name) => release.components[name]?.kind === "service");
    const chances = new Chances(seed);
    this.world = new SiteWorld({
      sites: copyOf(drawn),
      lineup,
      services: new Services(services, field, relation),
      model,
      chances,
      intervals: this.#looksMax + 1,
      unseenS: release.retire.unseenMs / 1000,
      silenceS: Math.ceil(silenceDeadlineMs(release.gates) / 1000),
    });
    const labelled = new LabelledSites({
      stages: release.rollout.stages,
      sites: this.world.sites,
      model,
      chances,
    });
    const plans = mode === "planned" ? [plan] : naivePlans(plan, release);
    const believed = mode === "planned" ? facts : withoutPins(facts);
    const rollouts = plans.map((own) => {
      const people = new People(model.people);
      const config = simulatedConfig(release, believed, own, nameOf(own, mode));
      const parts = { config, world: this.world, labelled, people };
      return { people, rollout: begin({ ...parts, relation: createRelation(believed, field) }) };
    });
    this.rollouts = rollouts.map(({ rollout }) => rollout);
    this.#people = rollouts.map(({ people }) => people);
    offerNewest(this.world, field);
    this.adoptions = new Adoptions(this.world, target);
    this.pairs = new PairHours({
      world: this.world,
      relation,
      plan,
      gone: new GoneVersions({
        world: this.world,
        belowPercent: release.retire.belowPercent,
        targets: target,
        plan,
      }),
    });
  }

  /** How many looks were made. */
  get looks(): number {
    return this.waiting.length;
  }

  get isDone(): boolean {
    if (this.looks > this.#looksMax) return true;
    const rests = this.rollouts.every(({ isOver, state }) => isOver || state.status === "completed");
    if (!rests || this.looks === 0) return false;
    return this.adoptions.isComplete || !(this.world.isMoving || this.#people.some(({ isBusy }) => isBusy));
  }

  /** One look of every rollout, and the time until the next. */
  step(): void {
    // The time until now was spent with what ran until now.
    this.pairs.count();
    for (const rollout of this.rollouts) rollout.turn();
    for (const { state } of this.rollouts) {
      for (const { component, version } of servicesEnded(state)) this.world.services.end(component, version);
    }
    this.world.news.length = 0;
    this.adoptions.look();
    const { bridged, incompatible } = this.pairs.look();
    this.incompatible.push(incompatible);
    this.bridged.push(bridged);
    this.waiting.push(this.rollouts.reduce((sum, { queues }) => sum + queues.waiting, 0));
    this.world.pass();
  }
}

/** The field of a request, the same for every run of it. */
export function drawField(request: SimulationRequest): Sites {
  const { model, relation, release, seed, shares, sites } = request;
  return drawSites({
    count: sites,
    lineup: lineUpOf(request),
    shares,
    relation,
    target: targetOf(release),
    model,
    chances: new Chances(seed),
    cohortSalt: cohortSalt(release),
  });
}

/** What stores have offered to everybody for long goes on spreading. */
function offerNewest({ lineup, users }: SiteWorld, field: LiveSets): void {
  for (const component of new Set(lineup.apps.slice(1).map((app) => app.component))) {
    const newest = [...(field[component] ?? [])].toSorted(compareVersions).at(-1);
    if (newest === undefined) continue;
    const [lowest, highest] = rangeOf(lineup.apps, component);
    const app = numberOf(lineup.apps, { component, version: newest });
    users.show({ component, version: newest, app, lowest, highest, percent: 100, phased: false }, 0);
  }
}

function lineUpOf({ field, plan, relation, release }: SimulationRequest): ReturnType<typeof lineUp> {
  const kindOf = (name: string): "app" | "firmware" | "service" =>
    release.components[name]?.kind ?? "service";
  return lineUp({ relation, field, target: targetOf(release), plan, kindOf });
}

function targetOf(release: Release): Record<string, string> {
  return Object.fromEntries(Object.entries(release.components).map(([name, { version }]) => [name, version]));
}

function nameOf(plan: Plan, mode: string): string {
  return mode === "planned" ? plan.release : (plan.steps[0]?.component ?? "");
}

function copyOf(sites: Sites): Sites {
  const { app, firmware, pairedApp, present, staged } = sites;
  return {
    ...sites,
    app: app.slice(),
    firmware: firmware.slice(),
    pairedApp: pairedApp.slice(),
    staged: staged.slice(),
    present: present.slice(),
  };
}
