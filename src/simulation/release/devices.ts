import { activity } from "./activity.ts";
import type { Calendar } from "./calendar.ts";
import { never } from "./calendar.ts";
import { chanceOf, type Chances } from "./chances.ts";
import { Contacts } from "./contacts.ts";
import { changeSite } from "./change-site.ts";
import type { Lineup } from "./lineup.ts";
import { type Meetings, presence } from "./meetings.ts";
import type { SimulationModel } from "./simulation-model.ts";
import type { Sites } from "./sites.ts";
import { noStepCounts, type StepCounts } from "./step-counts.ts";
import type { UnseenDevices } from "./unseen-devices.ts";

/**
 * The devices. Each polls at its own instants, from when it is back; what it is assigned it begins
 * with its next poll, installs, and fails or runs from then on.
 */
export class Devices {
  /** The next thing that happens to each device. */
  readonly atS: Int32Array;
  readonly calendar: Calendar;
  readonly contacts: Contacts;
  readonly activity: Uint8Array;
  /** The firmware that each was assigned last. */
  readonly assigned: Uint8Array;
  /** By firmware, the steps that only stage it after all that run it. */
  readonly counts: readonly StepCounts[];
  readonly #lineup: Lineup;
  readonly #sites: Sites;
  readonly #meetings: Meetings;
  readonly #model: SimulationModel["devices"];
  readonly #chances: Chances;
  readonly #unseen: UnseenDevices;
  readonly #unseenS: number;
  readonly #silenceS: number;
  readonly #reported: (site: number) => void;
  readonly #isStaging: Uint8Array;

  constructor(options: {
    readonly sites: Sites;
    readonly lineup: Lineup;
    readonly meetings: Meetings;
    readonly model: SimulationModel;
    readonly chances: Chances;
    readonly calendar: Calendar;
    readonly unseen: UnseenDevices;
    /** After how long without a word a device does not count any more, and after how long it counts as silent. */
    readonly unseenS: number;
    readonly silenceS: number;
    /** The fleet learnt something new about a device that is free for more. */
    readonly reported: (site: number) => void;
  }) {
    const { count } = options.sites;
    this.#sites = options.sites;
    this.#lineup = options.lineup;
    this.#meetings = options.meetings;
    this.#model = options.model.devices;
    this.#chances = options.chances;
    this.contacts = new Contacts(options);
    this.#unseen = options.unseen;
    this.#unseenS = options.unseenS;
    this.#silenceS = options.silenceS;
    this.#reported = options.reported;
    this.calendar = options.calendar;
    this.atS = new Int32Array(count).fill(never);
    this.activity = new Uint8Array(count);
    this.assigned = new Uint8Array(count);
    this.#isStaging = new Uint8Array(count);
    this.counts = noStepCounts(options.lineup.firmwares.length * 2);
    for (let site = 0; site < count; site++) this.#countAway(site);
  }

  /** What became of a step so far. */
  countsOf(firmware: number, staged: boolean): StepCounts {
    return this.counts[firmware + (staged ? this.#lineup.firmwares.length : 0)]!;
  }

  /** Gives a device that is free a firmware, to run or only to keep ready. */
  assign(site: number, firmware: number, staging: boolean, nowS: number): void {
    this.activity[site] = activity.assigned;
    this.assigned[site] = firmware;
    this.#isStaging[site] = staging ? 1 : 0;
    this.countsOf(firmware, staging).toBegin++;
    // Who is off is entered for when it is back.
    if (this.#sites.present[site] === presence.off) return;
    const beginsAtS = this.contacts.nextS(site, nowS - 1);
    this.atS[site] = beginsAtS;
    this.calendar.add(site, beginsAtS);
  }

  /** Takes back what devices have not begun. */
  cancel(firmwares: ReadonlySet<number>): void {
    for (let site = 0; site < this.#sites.count; site++) {
      const firmware = this.assigned[site]!;
      if (this.activity[site] !== activity.assigned || !firmwares.has(firmware)) continue;
      this.countsOf(firmware, this.isStaging(site)).toBegin--;
      this.activity[site] = activity.idle;
      this.atS[site] = this.#sites.present[site] === presence.off ? this.#sites.awayUntilS[site]! : never;
    }
    this.calendar.clear();
    for (let site = 0; site < this.#sites.count; site++) this.calendar.add(site, this.atS[site]!);
  }

  isStaging(site: number): boolean {
    return this.#isStaging[site] === 1;
  }

  /** What is next at a device happens. */
  step(site: number): void {
    const nowS = this.atS[site]!;
    const firmware = this.assigned[site]!;
    const counts = this.countsOf(firmware, this.isStaging(site));
    const isBack = this.#sites.present[site] === presence.off && this.activity[site] !== activity.dead;
    if (isBack) this.#comeBack(site, nowS);
    switch (this.activity[site]!) {
      case activity.idle:
        this.atS[site] = never;
        this.#reported(site);
        break;
      case activity.assigned: {
        const { installS } = this.#model;
        counts.toBegin--;
        counts.updating++;
        this.activity[site] = activity.installing;
        const share = 0.5 + this.#chances.of(site, chanceOf.install + firmware);
        this.atS[site] = nowS + Math.max(1, Math.round(installS * share));
        break;
      }
      case activity.installing:
        counts.updating--;
        this.#finish(site, firmware, counts, nowS);
        break;
      case activity.unheard:
        counts.unheard--;
        this.activity[site] = activity.idle;
        this.atS[site] = never;
        this.#reported(site);
        break;
      case activity.dead:
        counts.unheard--;
        counts.silent++;
        this.atS[site] = never;
        break;
      default:
    }
  }

  #finish(site: number, firmware: number, counts: StepCounts, nowS: number): void {
    const { failurePercent, silentPercent } = this.#model;
    const staging = this.isStaging(site);
    const fate = staging ? 100 : this.#chances.of(site, chanceOf.fate + firmware) * 100;
    if (fate < failurePercent) {
      counts.failed++;
      this.activity[site] = activity.failed;
      this.atS[site] = never;
      return;
    }
    const dies = fate < failurePercent + silentPercent;
    if (staging)
      changeSite(this.#sites, this.#meetings, site, nowS, {
        staged: this.#lineup.staged.indexOf(firmware) + 1,
      });
    else
      changeSite(this.#sites, this.#meetings, site, nowS, {
        firmware,
        staged: 0,
        present: dies ? presence.off : presence.on,
      });
    counts.updated++;
    counts.unheard++;
    if (!dies) {
      this.activity[site] = activity.unheard;
      this.atS[site] = this.contacts.nextS(site, nowS);
      return;
    }
    this.activity[site] = activity.dead;
    this.atS[site] = Math.min(nowS + this.#silenceS, never);
    this.contacts.end(site, nowS);
    this.#unseen.add(firmware, nowS + this.#unseenS, never);
  }

  #comeBack(site: number, nowS: number): void {
    const wasUnseen = this.contacts.awayForS(site) + nowS > this.#unseenS;
    const present = wasUnseen ? presence.late : presence.on;
    changeSite(this.#sites, this.#meetings, site, nowS, { present });
  }

  #countAway(site: number): void {
    const { awayUntilS, firmware } = this.#sites;
    if (awayUntilS[site] === 0 || firmware[site] === 0) return;
    this.atS[site] = awayUntilS[site]!;
    this.calendar.add(site, awayUntilS[site]!);
    this.#unseen.add(firmware[site]!, this.#unseenS - this.contacts.awayForS(site), awayUntilS[site]!);
  }
}
