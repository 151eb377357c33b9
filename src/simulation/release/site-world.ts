import { Calendar } from "./calendar.ts";
import type { Chances } from "./chances.ts";
import { Devices } from "./devices.ts";
import type { Lineup } from "./lineup.ts";
import { Meetings } from "./meetings.ts";
import type { SimulationModel } from "./simulation-model.ts";
import type { Services } from "./services.ts";
import type { Sites } from "./sites.ts";
import { UnseenDevices } from "./unseen-devices.ts";
import { Users } from "./users.ts";

/**
 * All sites between two looks of a rollout. Within such an interval sites know nothing of one
 * another, so each of those where something is due runs its own timeline to the interval's end.
 */
export class SiteWorld {
  readonly sites: Sites;
  readonly lineup: Lineup;
  readonly meetings: Meetings;
  readonly users: Users;
  readonly devices: Devices;
  readonly unseen: UnseenDevices;
  readonly services: Services;
  /** Sites of which the fleet learnt something new since this was last emptied. */
  readonly news: number[] = [];
  readonly #intervalS: number;
  #interval = 0;
  #events = 0;

  constructor(options: {
    readonly sites: Sites;
    readonly lineup: Lineup;
    readonly services: Services;
    readonly model: SimulationModel;
    readonly chances: Chances;
    /** How many control intervals there can be. */
    readonly intervals: number;
    readonly unseenS: number;
    readonly silenceS: number;
  }) {
    const { chances, intervals, lineup, model, silenceS, sites, unseenS } = options;
    const intervalS = model.controlIntervalS;
    this.sites = sites;
    this.lineup = lineup;
    this.services = options.services;
    this.#intervalS = intervalS;
    const firmwares = lineup.firmwares.length;
    const meetings = new Meetings(lineup.apps.length, firmwares, lineup.staged.length + 1);
    const news = (site: number): void => void this.news.push(site);
    const calendar = (): Calendar => new Calendar(sites.count, intervals, intervalS);
    this.meetings = meetings;
    this.unseen = new UnseenDevices(firmwares, intervals, intervalS);
    const devices = new Devices({
      sites,
      lineup,
      meetings,
      model,
      chances,
      calendar: calendar(),
      unseen: this.unseen,
      unseenS,
      silenceS,
      reported: news,
    });
    this.devices = devices;
    this.users = new Users({
      sites,
      meetings,
      model,
      chances,
      calendar: calendar(),
      nextContactS: (site, afterS) => devices.contacts.nextS(site, afterS),
      told: news,
    });
    const { app, count, firmware, present } = sites;
    for (let site = 0; site < count; site++) {
      meetings.enter(meetings.cell(app[site]!, firmware[site]!, 0, present[site]!), 0);
    }
  }

  /** Seconds from the start. */
  get nowS(): number {
    return this.#interval * this.#intervalS;
  }

  get events(): number {
    return this.#events;
  }

  /** Whether something is still going to happen by itself. */
  get isMoving(): boolean {
    return this.users.calendar.size + this.devices.calendar.size > 0;
  }

  /** Runs every site through one control interval. */
  pass(): void {
    const { devices, users } = this;
    const [userAtS, deviceAtS] = [users.atS, devices.atS];
    const endS = this.nowS + this.#intervalS;
    for (const site of users.calendar.take(this.#interval)) {
      while (userAtS[site]! < endS) {
        this.#events++;
        // A device that comes first is taken out of its own list below, with nothing left to do.
        if (deviceAtS[site]! < userAtS[site]!) devices.step(site);
        else users.step(site);
      }
      users.calendar.add(site, userAtS[site]!);
    }
    for (const site of devices.calendar.take(this.#interval)) {
      for (; deviceAtS[site]! < endS; this.#events++) devices.step(site);
      devices.calendar.add(site, deviceAtS[site]!);
    }
    this.unseen.advance(this.#interval);
    this.#interval++;
  }
}
