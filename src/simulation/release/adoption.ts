import { countSites } from "./site-counts.ts";
import { numberOf } from "./lineup.ts";
import type { SiteWorld } from "./site-world.ts";

/** The shares of a population whose instants are noted. */
export const milestonePercents = [50, 95, 99] as const;

/** How a component came to its target. */
export interface Adoption {
  readonly component: string;
  readonly version: string;
  readonly kind: "app" | "firmware";
  /** Sites that have the component. */
  readonly population: number;
  /** How many of them are on the target at each look. */
  readonly onTarget: number[];
  /** When 50, 95 and 99 percent were first seen there; null: not within the simulated time. */
  readonly reachedS: (number | null)[];
}

/** Who is on the target of every app and firmware, look by look. */
export class Adoptions {
  readonly all: readonly Adoption[];
  readonly #world: SiteWorld;

  constructor(world: SiteWorld, target: Readonly<Record<string, string>>) {
    this.#world = world;
    const counts = countSites(world);
    const { apps, firmwares } = world.lineup;
    this.all = Object.entries(target).flatMap(([component, version]): Adoption[] => {
      const kind = apps.some((app) => app.component === component) ? "app" : "firmware";
      const lineup = kind === "app" ? apps : firmwares;
      const numbers = [...lineup.keys()].filter((number) => lineup[number]?.component === component);
      const sites = kind === "app" ? counts.apps : counts.firmwares;
      const population = numbers.reduce((sum, number) => sum + sites[number]!, 0);
      return population === 0
        ? []
        : [
            {
              component,
              version,
              kind,
              population,
              onTarget: [],
              reachedS: milestonePercents.map(() => null),
            },
          ];
    });
  }

  look(): void {
    const { lineup, nowS } = this.#world;
    const counts = countSites(this.#world);
    for (const { component, kind, onTarget, population, reachedS, version } of this.all) {
      const [versions, sites] =
        kind === "app" ? [lineup.apps, counts.apps] : [lineup.firmwares, counts.firmwares];
      const there = sites[numberOf(versions, { component, version })] ?? 0;
      onTarget.push(there);
      for (const [index, percent] of milestonePercents.entries()) {
        if (reachedS[index] === null && there * 100 >= population * percent) reachedS[index] = nowS;
      }
    }
  }

  get isComplete(): boolean {
    return this.all.every(({ reachedS }) => !reachedS.includes(null));
  }
}
