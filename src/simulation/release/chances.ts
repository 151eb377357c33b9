/** What is left to chance at a site; each has a sequence of its own, so that nothing shifts anything else. */
export const chanceOf = {
  app: 1,
  appVersion: 2,
  firmware: 3,
  firmwareVersion: 4,
  hardware: 5,
  poll: 6,
  away: 7,
  awayUntil: 8,
  awaySince: 12,
  user: 9,
  visit: 10,
  label: 50,
  /** One sequence per version, from here on. */
  install: 1_000,
  fate: 100_000,
  adoption: 200_000,
  force: 300_000,
} as const;

/**
 * Chance as a function of who and what instead of when: number `site` of the seeded sequence that
 * belongs to `what` (mulberry32, as `seededRandom`, but without drawing the numbers before it). Two
 * runs of one seed meet the same users and the same faulty devices, in whatever order things happen.
 */
export class Chances {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  of(site: number, what: number): number {
    return nthOf(mixed(this.#seed, what), site);
  }
}

/** What `seededRandom(seed)` gives as its `n`-th number, counted from 0. */
export function nthOf(seed: number, n: number): number {
  const state = (seed + Math.imul(n + 1, 0x6d2b79f5)) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

function mixed(seed: number, what: number): number {
  let hash = (seed ^ Math.imul(what + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A waiting time of which half are shorter than `median` and nine in ten shorter than `ninth` (log-logistic: a long tail). */
export function longTailed(chance: number, median: number, ninth: number): number {
  const shape = Math.log(9) / Math.log(ninth / median);
  return median * (chance / (1 - chance)) ** (1 / shape);
}

/** A waiting time without memory, of the given mean. */
export function exponential(chance: number, mean: number): number {
  return -Math.log(1 - chance) * mean;
}
