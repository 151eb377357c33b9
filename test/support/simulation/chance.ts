import { type Random, seededRandom } from "../../../src/base/random.ts";

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

/** Chance of its own for each purpose, so that what one draws does not move the others. */
export function randomFor(seed: number, purpose: number): Random {
  return seededRandom(seed * 1000 + purpose);
}
