import { formatComponentVersion } from "../../compat/verdict.ts";
import type { ComponentVersion } from "../../compat/relation.ts";
import type { Plan } from "../../planner/plan.ts";
import { presence } from "./meetings.ts";
import { countSites } from "./site-counts.ts";
import type { SiteWorld } from "./site-world.ts";

/**
 * Versions that so few are left on that the release counts them as gone, by how many have them at the
 * last look, however the release is carried out. A target is never gone: few may have it yet.
 */
export class GoneVersions {
  readonly #world: SiteWorld;
  readonly #belowPercent: number;
  readonly #targets: Readonly<Record<string, string>>;
  readonly #isStuck: readonly boolean[];
  #gone: ReadonlySet<string> = new Set();
  #isReady: readonly boolean[] = [];

  /** `belowPercent`: the limit that the release sets (`retire`). */
  constructor(options: {
    readonly world: SiteWorld;
    readonly belowPercent: number;
    readonly targets: Readonly<Record<string, string>>;
    readonly plan: Plan;
  }) {
    this.#world = options.world;
    this.#belowPercent = options.belowPercent;
    this.#targets = options.targets;
    const stuck = new Set(options.plan.stuck.map(formatComponentVersion));
    this.#isStuck = this.#world.lineup.firmwares.map((each) => stuck.has(formatComponentVersion(each)));
  }

  has(each: ComponentVersion): boolean {
    return this.#gone.has(formatComponentVersion(each));
  }

  /** Whether so few devices neither run nor keep ready the firmware in a place of `lineup.staged` that they do not count. */
  isReady(place: number): boolean {
    return this.#isReady[place] ?? false;
  }

  /** Counts again; true when the answers are others than before. */
  look(): boolean {
    const before = this.#key();
    const { lineup, meetings, unseen } = this.#world;
    const { apps, firmwares } = countSites(this.#world);
    // Who comes back after so long that they did not count does not bring a version back.
    const seen = firmwares.map((sites, number) => sites - unseen.count(number));
    for (const cell of meetings.seen) {
      if (meetings.presenceOf(cell) !== presence.late) continue;
      seen[meetings.firmwareOf(cell)] = seen[meetings.firmwareOf(cell)]! - meetings.sites[cell]!;
    }
    this.#gone = new Set([...this.#goneOf(lineup.apps, apps), ...this.#goneOf(lineup.firmwares, seen)]);
    this.#isReady = lineup.staged.map((_, index) => this.#fewAreWithout(index, seen));
    return this.#key() !== before;
  }

  #goneOf(versions: readonly ComponentVersion[], sites: Int32Array): string[] {
    const totals = new Map<string, number>();
    for (const [number, { component }] of versions.entries()) {
      totals.set(component, (totals.get(component) ?? 0) + sites[number]!);
    }
    return versions
      .filter(({ component, version }, number) => {
        const isTarget = this.#targets[component] === version;
        return !isTarget && this.#isFew(sites[number]!, totals.get(component)!);
      })
      .map(formatComponentVersion);
  }

  #fewAreWithout(index: number, seen: Int32Array): boolean {
    const { lineup, meetings } = this.#world;
    const image = lineup.staged[index]!;
    let [without, total] = [0, 0];
    for (const [number, { component }] of lineup.firmwares.entries()) {
      if (component !== lineup.firmwares[image]!.component || this.#isStuck[number]) continue;
      total += seen[number]!;
      if (number !== image) without += seen[number]!;
    }
    for (const cell of meetings.seen) {
      const isOlder = meetings.firmwareOf(cell) !== image && !this.#isStuck[meetings.firmwareOf(cell)];
      const counts = isOlder && meetings.presenceOf(cell) !== presence.late;
      if (counts && meetings.stagedOf(cell) === index + 1) without -= meetings.sites[cell]!;
    }
    return this.#isFew(without, total);
  }

  #isFew(left: number, total: number): boolean {
    return left === 0 || (left / total) * 100 < this.#belowPercent;
  }

  #key(): string {
    return [...this.#gone, ...this.#isReady].join();
  }
}
