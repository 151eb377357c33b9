import { bucketOf } from "../../rollout/engine/cohort.ts";
import { Calendar, never } from "./calendar.ts";
import { chanceOf, type Chances, exponential, longTailed } from "./chances.ts";
import { changeSite } from "./change-site.ts";
import type { Meetings } from "./meetings.ts";
import type { SimulationModel } from "./simulation-model.ts";
import { type Sites, userKind } from "./sites.ts";

const doing = { nothing: 0, waiting: 1, telling: 2 } as const;
const cohortBuckets = 10_000;

/** A version as a store shows it. */
export interface Exposure {
  readonly component: string;
  readonly version: string;
  /** The number of that version, and the lowest and highest of its app. */
  readonly app: number;
  readonly lowest: number;
  readonly highest: number;
  readonly percent: number;
  /** A phased release slows automatic updates only: who updates by hand finds it at any share. */
  readonly phased: boolean;
}

/**
 * The phones. Each takes a version that its store shows to it after a delay of its own, never goes
 * back, and some time later talks to its device, which then knows what it is paired with.
 */
export class Users {
  /** The next thing that happens to each phone. */
  readonly atS: Int32Array;
  readonly calendar: Calendar;
  readonly #sites: Sites;
  readonly #meetings: Meetings;
  readonly #model: SimulationModel["users"];
  readonly #chances: Chances;
  readonly #nextContactS: (site: number, afterS: number) => number;
  readonly #told: (site: number) => void;
  readonly #doing: Uint8Array;
  readonly #offered: Uint8Array;
  /** For each version, the lowest that may still be used in its place. */
  readonly #floors = new Uint8Array(256);
  readonly #shownTo = new Map<number, Uint16Array>();

  constructor(options: {
    readonly sites: Sites;
    readonly meetings: Meetings;
    readonly model: SimulationModel;
    readonly chances: Chances;
    readonly calendar: Calendar;
    /** When a device next talks to the fleet; `never` when it does not. */
    readonly nextContactS: (site: number, afterS: number) => number;
    /** The fleet learnt what a device is paired with. */
    readonly told: (site: number) => void;
  }) {
    this.#sites = options.sites;
    this.#meetings = options.meetings;
    this.#model = options.model.users;
    this.#chances = options.chances;
    this.#nextContactS = options.nextContactS;
    this.#told = options.told;
    this.calendar = options.calendar;
    this.atS = new Int32Array(options.sites.count).fill(never);
    this.#doing = new Uint8Array(options.sites.count);
    this.#offered = options.sites.app.slice();
  }

  /** Shows a version to its share of users; who was shown it before is not asked again. */
  show(exposure: Exposure, nowS: number): void {
    const { app, component, highest, lowest, percent, phased, version } = exposure;
    const { app: running, count, user } = this.#sites;
    const salt = `${component}@${version}`;
    const limit = Math.round((percent / 100) * cohortBuckets);
    const isForAll = limit >= cohortBuckets;
    const places = isForAll ? null : this.#placesIn(app, salt, lowest, highest);
    for (let site = 0; site < count; site++) {
      const current = running[site]!;
      if (current < lowest || current > highest || this.#offered[site]! >= app) continue;
      const isShown =
        places === null || places[site]! < limit || (phased && limit > 0 && user[site] === userKind.byHand);
      if (isShown) this.#offer(site, app, nowS);
    }
  }

  /** A hard floor: who is below it has to take that version when they open the app next. */
  force(floor: number, lowest: number, nowS: number): void {
    const { app: running, count } = this.#sites;
    this.#floors.fill(floor, lowest, floor);
    for (let site = 0; site < count; site++) {
      const current = running[site]!;
      if (current < lowest || current >= floor) continue;
      if (this.#offered[site]! < floor) this.#offered[site] = floor;
      // Who is about to talk to their device learns of it right after.
      if (this.#doing[site] === doing.telling) continue;
      const pendingS = this.#doing[site] === doing.waiting ? this.atS[site]! : never;
      this.#doing[site] = doing.waiting;
      this.atS[site] = Math.min(pendingS, nowS + this.#forcedDelayS(site, floor));
    }
    this.#reenterAll();
  }

  /** Nobody takes a version any more who has not got it. */
  halt(app: number, lowest: number): void {
    const { app: running, count } = this.#sites;
    for (let site = 0; site < count; site++) {
      const current = running[site]!;
      if (current < lowest || current >= app || this.#offered[site] !== app) continue;
      this.#offered[site] = current;
      if (this.#doing[site] !== doing.waiting) continue;
      this.#doing[site] = doing.nothing;
      this.atS[site] = never;
    }
    this.#reenterAll();
  }

  /** What is next at a site happens. */
  step(site: number): void {
    const nowS = this.atS[site]!;
    if (this.#doing[site] === doing.waiting) this.#install(site, nowS);
    else this.#tell(site, nowS);
  }

  #install(site: number, nowS: number): void {
    const { firmware } = this.#sites;
    changeSite(this.#sites, this.#meetings, site, nowS, { app: this.#offered[site]! });
    const visitS = exponential(this.#chances.of(site, chanceOf.visit), this.#model.visitMeanS);
    this.atS[site] = firmware[site] === 0 ? never : this.#nextContactS(site, nowS + Math.floor(visitS));
    this.#doing[site] = this.atS[site] === never ? doing.nothing : doing.telling;
  }

  #tell(site: number, nowS: number): void {
    const { app, pairedApp } = this.#sites;
    pairedApp[site] = app[site]!;
    this.#doing[site] = doing.nothing;
    this.atS[site] = never;
    this.#told(site);
    if (this.#offered[site]! > app[site]!) this.#wait(site, nowS);
  }

  #offer(site: number, app: number, nowS: number): void {
    this.#offered[site] = app;
    if (this.#doing[site] !== doing.nothing) return;
    this.#wait(site, nowS);
    if (this.atS[site] !== never) this.calendar.add(site, this.atS[site]!);
  }

  #wait(site: number, nowS: number): void {
    const floor = this.#floors[this.#sites.app[site]!]!;
    const wishedS = this.#delayS(site, this.#offered[site]!);
    const delayS = floor === 0 ? wishedS : Math.min(wishedS, this.#forcedDelayS(site, floor));
    if (delayS === never) return;
    this.#doing[site] = doing.waiting;
    this.atS[site] = nowS + delayS;
  }

  #delayS(site: number, app: number): number {
    const { automaticMeanS, handMedianS, handNinthS } = this.#model;
    const chance = this.#chances.of(site, chanceOf.adoption + app);
    switch (this.#sites.user[site]!) {
      case userKind.automatic:
        return Math.floor(exponential(chance, automaticMeanS));
      case userKind.byHand:
        return Math.min(Math.floor(longTailed(chance, handMedianS, handNinthS)), never / 2);
      default:
        return never;
    }
  }

  #forcedDelayS(site: number, floor: number): number {
    const chance = this.#chances.of(site, chanceOf.force + floor);
    return Math.ceil(exponential(chance, this.#model.forcedMeanS));
  }

  /** The place of each user of an app among those that a version is shown to, as stores draw it. */
  #placesIn(app: number, salt: string, lowest: number, highest: number): Uint16Array {
    const known = this.#shownTo.get(app);
    if (known) return known;
    const { app: running, count } = this.#sites;
    const places = new Uint16Array(count);
    for (let site = 0; site < count; site++) {
      if (running[site]! >= lowest && running[site]! <= highest)
        places[site] = bucketOf(`phone-${site}`, salt);
    }
    this.#shownTo.set(app, places);
    return places;
  }

  #reenterAll(): void {
    this.calendar.clear();
    for (let site = 0; site < this.atS.length; site++) this.calendar.add(site, this.atS[site]!);
  }
}
