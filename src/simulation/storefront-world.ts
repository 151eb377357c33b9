import type { AppRelease, StorefrontStatus } from "../storefronts/storefront.ts";
import type { Link, MeetingsSummary, Phone, PhonesSummary } from "../storefronts/local/wire.ts";
import type { PhonePopulation } from "./phone-population.ts";
import { PhoneVisits } from "./phone-visits.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import {
  type ShelfOutcome,
  type ShelfRelease,
  exposeRelease,
  haltRelease,
  publishRelease,
  shelfState,
} from "./store-shelf.ts";
import type { StorefrontStore } from "./storefront-store.ts";

/** The store, its users and their devices as one: every change is on disk before anybody sees it. */
export class StorefrontWorld {
  readonly #time: SimulatedTime;
  readonly #store: StorefrontStore;
  readonly #population: PhonePopulation;
  readonly #reviewDelayMs: number;
  readonly #visits: PhoneVisits;
  #releases: readonly ShelfRelease[];

  constructor(parts: {
    readonly time: SimulatedTime;
    readonly store: StorefrontStore;
    readonly population: PhonePopulation;
    /** Simulated. */
    readonly reviewDelayMs: number;
  }) {
    this.#time = parts.time;
    this.#store = parts.store;
    this.#population = parts.population;
    this.#reviewDelayMs = parts.reviewDelayMs;
    this.#visits = new PhoneVisits((visits) => {
      for (const { phone } of visits) this.#population.visited(phone, this.#time.now());
    });
    this.#releases = this.#store.loadReleases();
    this.#store.saveTimeAnchor(this.#time.anchor);
    this.#visits.setLinks(this.#store.loadLinks());
    this.#population.setShelf(this.#releases, this.#time.now());
    this.#population.setPhones(this.#store.loadPhones(), this.#time.now());
  }

  publish(app: AppRelease): ShelfOutcome {
    return this.#keep(publishRelease(this.#releases, app, this.#time.now(), this.#reviewDelayMs));
  }

  expose(component: string, version: string, percent: number): ShelfOutcome {
    const release = this.#find(component, version);
    if (release) return this.#keep(exposeRelease(release, percent, this.#time.now()));
    return { kind: "refused", message: `${component}@${version} is not published.` };
  }

  /** Null when there is no such version, which therefore nobody can install: nothing to halt. */
  halt(component: string, version: string): ShelfOutcome | null {
    const release = this.#find(component, version);
    return release ? this.#keep(haltRelease(release)) : null;
  }

  /** How long a simulated span takes in real milliseconds, rounded up. */
  realMs(simulatedMs: number): number {
    return Math.ceil(simulatedMs / this.#time.anchor.timeScale);
  }

  status(component: string): StorefrontStatus {
    const releases = this.#releases.filter((release) => release.component === component);
    const installed = this.#population.versions().filter((count) => count.component === component);
    return {
      releases: releases.map((release) => ({
        version: release.version,
        state: shelfState(release),
        percent: release.percent,
      })),
      installed: installed.map(({ version, phones }) => ({ version, users: phones })),
    };
  }

  setPhones(phones: readonly Phone[]): void {
    const kept = this.#population.withInstalled(phones);
    this.#store.replacePhones(kept);
    this.#population.setPhones(kept, this.#time.now());
  }

  setLinks(links: readonly Link[]): void {
    this.#store.saveLinks(links);
    this.#visits.setLinks(links);
  }

  phones(): PhonesSummary {
    return { phones: this.#population.size, versions: this.#population.versions() };
  }

  meetings(): MeetingsSummary {
    return this.#visits.summary();
  }

  /** Lets the phones do what is due: install first, so that a visit tells the version of now. */
  turn(): void {
    const nowMs = this.#time.now();
    this.#population.install(nowMs, (installs) => this.#store.saveInstalls(installs));
    const visits = this.#population.takeVisits(nowMs, this.#visits.room);
    if (visits.length > 0) this.#visits.send(visits);
  }

  async stop(): Promise<void> {
    await this.#visits.stop();
    this.#store.close();
  }

  #find(component: string, version: string): ShelfRelease | undefined {
    return this.#releases.find((release) => release.component === component && release.version === version);
  }

  #keep(outcome: ShelfOutcome): ShelfOutcome {
    if (outcome.kind !== "changed") return outcome;
    const { release } = outcome;
    this.#store.saveRelease(release);
    const others = this.#releases.filter(
      (other) => other.component !== release.component || other.version !== release.version,
    );
    this.#releases = [...others, release];
    this.#population.setShelf(this.#releases, this.#time.now());
    return outcome;
  }
}
