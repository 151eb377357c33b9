import type { Random } from "../base/random.ts";
import { compareVersions } from "../compat/versions.ts";
import { inCohort } from "../rollout/engine/cohort.ts";
import type { Phone } from "../storefronts/local/wire.ts";
import { Schedule } from "./schedule.ts";
import type { ShelfRelease } from "./store-shelf.ts";

export interface PopulationOptions {
  readonly random: Random;
  /** Mean of the exponential delay between being offered a version and having it. Simulated. */
  readonly adoptionMeanMs: number;
  /** How often a phone visits its device, on average. Simulated. */
  readonly visitIntervalMs: number;
  /** Share of iOS users who install by hand, at once; a phased release slows automatic updates only. */
  readonly eagerPercent: number;
}

export interface Install {
  readonly phone: string;
  readonly version: string;
}

/** A phone about to talk to its device. */
export interface Visit {
  readonly phone: string;
  readonly device: string;
  readonly component: string;
  readonly version: string;
  /** The phone's own link; null: found by device. */
  readonly link: string | null;
}

/** A version on its way to a phone; a newer one takes its place, a halt takes it away. */
interface Pending {
  readonly phone: PhoneState;
  version: string;
}

interface PhoneState extends Phone {
  version: string;
  pending: Pending | null;
  visiting: boolean;
}

/**
 * Virtual users. Each phone is offered the newest version that its share of the store shows, takes
 * it after a delay of its own, never goes back, and visits its device every so often. All instants
 * are simulated milliseconds and come in as arguments.
 */
export class PhonePopulation {
  readonly #options: PopulationOptions;
  #phones = new Map<string, PhoneState>();
  #shelf: readonly ShelfRelease[] = [];
  #installs = new Schedule<Pending>();
  #visits = new Schedule<PhoneState>();

  constructor(options: PopulationOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#phones.size;
  }

  /** The same phones, each with what it has installed already where that is higher: nobody goes back. */
  withInstalled(phones: readonly Phone[]): Phone[] {
    return phones.map((phone) => {
      const known = this.#phones.get(phone.id);
      const isAhead =
        known?.component === phone.component && compareVersions(known.version, phone.version) > 0;
      return isAhead ? { ...phone, version: known.version } : phone;
    });
  }

  /** Replaces all phones. */
  setPhones(phones: readonly Phone[], nowMs: number): void {
    this.#phones = new Map();
    this.#installs = new Schedule();
    this.#visits = new Schedule();
    for (const phone of phones) {
      const state = { ...phone, pending: null, visiting: false };
      this.#phones.set(phone.id, state);
      this.#visits.add(nowMs + this.#options.random.next() * this.#options.visitIntervalMs, state);
      this.#offer(state, nowMs);
    }
  }

  /** Shows the phones what the store holds now. */
  setShelf(releases: readonly ShelfRelease[], nowMs: number): void {
    this.#shelf = releases
      .filter((release) => !release.halted && release.percent > 0)
      .toSorted((a, b) => compareVersions(b.version, a.version));
    for (const phone of this.#phones.values()) this.#offer(phone, nowMs);
  }

  /** Installs what is due. `record` keeps it first; when it throws, nothing was installed and it is due again. */
  install(nowMs: number, record: (installs: readonly Install[]) => void): void {
    const due = this.#installs.takeDue(nowMs).filter((pending) => pending.phone.pending === pending);
    if (due.length === 0) return;
    try {
      record(due.map(({ phone, version }) => ({ phone: phone.id, version })));
    } catch (error) {
      for (const pending of due) this.#installs.add(nowMs, pending);
      throw error;
    }
    for (const { phone, version } of due) {
      phone.version = version;
      phone.pending = null;
      this.#offer(phone, nowMs);
    }
  }

  /** The visits that are due, with the versions of now, at most `limit`; each phone then waits for `visited`. */
  takeVisits(nowMs: number, limit: number): Visit[] {
    return this.#visits.takeDue(nowMs, limit).map((state) => {
      state.visiting = true;
      return {
        phone: state.id,
        device: state.device,
        component: state.component,
        version: state.version,
        link: state.link ?? null,
      };
    });
  }

  /** Plans a phone's next visit, between half and one and a half intervals from now. */
  visited(phoneId: string, nowMs: number): void {
    const state = this.#phones.get(phoneId);
    // A visit of the population before this one must not give its namesake a second round of visits.
    if (!state?.visiting) return;
    state.visiting = false;
    this.#visits.add(nowMs + (0.5 + this.#options.random.next()) * this.#options.visitIntervalMs, state);
  }

  /** How many phones run each version, sorted by component, then version. */
  versions(): { component: string; version: string; phones: number }[] {
    const counts = new Map<string, { component: string; version: string; phones: number }>();
    for (const { component, version } of this.#phones.values()) {
      const key = `${component}@${version}`;
      const count = counts.get(key) ?? { component, version, phones: 0 };
      count.phones++;
      counts.set(key, count);
    }
    return [...counts.values()].toSorted(
      (a, b) =>
        (a.component < b.component ? -1 : a.component > b.component ? 1 : 0) ||
        compareVersions(a.version, b.version),
    );
  }

  #offer(phone: PhoneState, nowMs: number): void {
    const offered = this.#shelf.find((release) => this.#isShown(release, phone));
    if (!offered || compareVersions(offered.version, phone.version) <= 0) {
      phone.pending = null;
    } else if (phone.pending) {
      phone.pending.version = offered.version;
    } else {
      phone.pending = { phone, version: offered.version };
      this.#installs.add(nowMs + this.#adoptionDelayMs(offered, phone), phone.pending);
    }
  }

  #isShown(release: ShelfRelease, phone: PhoneState): boolean {
    if (release.component !== phone.component) return false;
    const salt = `${release.component}@${release.version}`;
    return inCohort(phone.id, salt, release.percent) || this.#isEager(release, phone);
  }

  #isEager(release: ShelfRelease, phone: PhoneState): boolean {
    return release.platform === "ios" && inCohort(phone.id, "eager", this.#options.eagerPercent);
  }

  #adoptionDelayMs(release: ShelfRelease, phone: PhoneState): number {
    if (this.#isEager(release, phone)) return 0;
    return -Math.log(1 - this.#options.random.next()) * this.#options.adoptionMeanMs;
  }
}
