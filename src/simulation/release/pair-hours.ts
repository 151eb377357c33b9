import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import { formatComponentVersion } from "../../compat/verdict.ts";
import { satisfies } from "../../compat/versions.ts";
import type { Plan } from "../../planner/plan.ts";
import { presence } from "./meetings.ts";
import type { GoneVersions } from "./gone-versions.ts";
import type { SiteWorld } from "./site-world.ts";

/**
 * `incompatible`: they refuse each other, or nobody knows. `bridged`: they do, but the app can update
 * the device, which keeps the firmware ready that fits. `left-behind`: so few have one of the two, or
 * so few lack the image while a bridging app comes, that the release does not count them (`retire`), or
 * the device was away for so long.
 * `broken`: the field held such pairs when the release began.
 */
export type PairKind = "incompatible" | "bridged" | "left-behind" | "broken";

export interface PairTime {
  /** `app-ios@4.2.0` and `fan@1.8.0` */
  readonly a: string;
  readonly b: string;
  readonly kind: PairKind;
  /** Hours that sites spent with this pair, added up. */
  hours: number;
  /** The most sites with it at one look, and the first and last look at which there was one. */
  peakSites: number;
  fromS: number;
  untilS: number;
}

interface Misfit {
  readonly kind: PairKind;
  readonly a: ComponentVersion;
  readonly b: ComponentVersion;
}

/** Pairs that do not fit, and for how long there were any. The true state of every site counts, to the second. */
export class PairHours {
  readonly #world: SiteWorld;
  readonly #relation: Relation;
  readonly #plan: Plan;
  readonly #pairs = new Map<string, PairTime>();
  readonly #misfits = new Map<number, readonly Misfit[]>();
  readonly #countedS = new Map<number, number>();
  readonly #gone: GoneVersions;
  #services = -1;

  constructor(options: {
    readonly world: SiteWorld;
    readonly relation: Relation;
    readonly plan: Plan;
    readonly gone: GoneVersions;
  }) {
    this.#world = options.world;
    this.#relation = options.relation;
    this.#plan = options.plan;
    this.#gone = options.gone;
  }

  /** Adds up the time until now, with the services that ran until now: to be called before any changes. */
  count(): void {
    const { meetings, nowS } = this.#world;
    for (const cell of meetings.seen) this.#count(cell, nowS);
  }

  /** How many sites are in an incompatible and in a bridged pair at this look. */
  look(): { readonly incompatible: number; readonly bridged: number } {
    const { meetings, nowS, services } = this.#world;
    let [incompatible, bridged] = [0, 0];
    if (this.#gone.look() || this.#services !== services.version) {
      this.#services = services.version;
      this.#misfits.clear();
    }
    for (const cell of meetings.seen) {
      const sites = meetings.sites[cell]!;
      if (sites === 0) continue;
      const misfits = this.#misfitsOf(cell);
      if (misfits.some(({ kind }) => kind === "incompatible")) incompatible += sites;
      else if (misfits.some(({ kind }) => kind === "bridged")) bridged += sites;
    }
    this.#notePeaks(nowS);
    return { incompatible, bridged };
  }

  /** Longest first. */
  get pairs(): PairTime[] {
    return [...this.#pairs.values()].toSorted(
      (x, y) => y.hours - x.hours || (x.a + x.b < y.a + y.b ? -1 : 1),
    );
  }

  hours(kind: PairKind): number {
    return this.pairs.filter((pair) => pair.kind === kind).reduce((sum, { hours }) => sum + hours, 0);
  }

  #count(cell: number, nowS: number): void {
    const seconds = this.#world.meetings.siteSeconds(cell, nowS);
    const fresh = seconds - (this.#countedS.get(cell) ?? 0);
    this.#countedS.set(cell, seconds);
    if (fresh === 0) return;
    for (const misfit of this.#misfitsOf(cell)) this.#timeOf(misfit).hours += fresh / 3600;
  }

  #notePeaks(nowS: number): void {
    const sites = new Map<PairTime, number>();
    for (const cell of this.#world.meetings.seen) {
      const count = this.#world.meetings.sites[cell]!;
      if (count === 0) continue;
      for (const misfit of this.#misfitsOf(cell)) {
        const pair = this.#timeOf(misfit);
        sites.set(pair, (sites.get(pair) ?? 0) + count);
      }
    }
    for (const [pair, count] of sites) {
      if (pair.fromS === -1) pair.fromS = nowS;
      pair.untilS = nowS;
      pair.peakSites = Math.max(pair.peakSites, count);
    }
  }

  #timeOf({ a, b, kind }: Misfit): PairTime {
    const [left, right] = [formatComponentVersion(a), formatComponentVersion(b)];
    const key = `${kind} ${left} ${right}`;
    const known = this.#pairs.get(key);
    if (known) return known;
    const fresh = { a: left, b: right, kind, hours: 0, peakSites: 0, fromS: -1, untilS: -1 };
    this.#pairs.set(key, fresh);
    return fresh;
  }

  #misfitsOf(cell: number): readonly Misfit[] {
    const known = this.#misfits.get(cell);
    if (known) return known;
    const { lineup, meetings, services } = this.#world;
    const appNumber = meetings.appOf(cell);
    const firmwareNumber = meetings.firmwareOf(cell);
    const app = appNumber === 0 ? null : lineup.apps[appNumber]!;
    const firmware = firmwareNumber === 0 ? null : lineup.firmwares[firmwareNumber]!;
    const found: Misfit[] = [];
    const isOff = meetings.presenceOf(cell) === presence.off;
    // Who comes back after so long did not count any more, whatever else runs in the field.
    const kindOf = (a: ComponentVersion, b: ComponentVersion, staged: number): PairKind => {
      const kind = this.#kindOf(a, b, staged);
      const isLate = meetings.presenceOf(cell) === presence.late && (a === firmware || b === firmware);
      return isLate && kind === "incompatible" ? "left-behind" : kind;
    };
    // A device that is off meets nobody, and its phone has nothing to talk to but services.
    if (!isOff && app && firmware && this.#relation.verdict(app, firmware).kind !== "compatible") {
      found.push({ kind: kindOf(app, firmware, meetings.stagedOf(cell)), a: app, b: firmware });
    }
    for (const service of services.components) {
      for (const client of [app, isOff ? null : firmware]) {
        const misfit = client && services.misfit(service, client);
        if (misfit) found.push({ kind: kindOf(client, misfit, 0), a: client, b: misfit });
      }
    }
    this.#misfits.set(cell, found);
    return found;
  }

  #kindOf(a: ComponentVersion, b: ComponentVersion, staged: number): PairKind {
    const names = [formatComponentVersion(a), formatComponentVersion(b)];
    if (this.#plan.broken.some((pair) => names.includes(pair.a) && names.includes(pair.b))) return "broken";
    if (this.#gone.has(a) || this.#gone.has(b)) return "left-behind";
    const range = this.#relation.facts(a.component, a.version)?.bridges?.[b.component];
    if (range === undefined || !satisfies(b.version, range)) return "incompatible";
    const { firmwares, staged: stageable } = this.#world.lineup;
    const fits = (place: number): boolean =>
      this.#relation.verdict(a, firmwares[stageable[place]!]!).kind === "compatible";
    if (staged > 0 && fits(staged - 1)) return "bridged";
    const isReady = [...stageable.keys()].some(
      (place) =>
        firmwares[stageable[place]!]!.component === b.component && fits(place) && this.#gone.isReady(place),
    );
    return isReady ? "left-behind" : "incompatible";
  }
}
