import type { Observed } from "./events.ts";

/** A record names no more devices than this, so that one of a fleet of any size can be written and read. */
const devicesMax = 10_000;

/**
 * A look in as many parts as its devices need, in the order in which they must be taken: first what
 * has lapsed, then what devices came to, who waits, and who may go on. Only the last is a whole look.
 */
export function partsOfLook(look: Observed, partMax = devicesMax): Observed[] {
  const { admissible, kept, lapsed, progress, returnable, returning, waits = {}, ...rest } = look;
  const nothing = { admissible: [], kept: [], lapsed: [], progress: {}, returnable: [], returning: {} };
  const parts: Partial<Observed>[] = [
    ...pieces(lapsed, partMax).map((piece) => ({ lapsed: piece })),
    ...pieces(Object.entries(progress), partMax).map((piece) => ({ progress: Object.fromEntries(piece) })),
    ...pieces(Object.entries(returning), partMax).map((piece) => ({ returning: Object.fromEntries(piece) })),
    ...pieces(Object.entries(waits), partMax).map((piece) => ({ waits: Object.fromEntries(piece) })),
    ...pieces(kept, partMax).map((piece) => ({ kept: piece })),
    ...pieces(returnable, partMax).map((piece) => ({ returnable: piece })),
    ...pieces(admissible, partMax).map((piece) => ({ admissible: piece })),
  ];
  const devices = parts.reduce((sum, part) => sum + Object.keys(Object.values(part)[0] ?? {}).length, 0);
  if (devices <= partMax) return [look];
  return [
    ...parts.map((part): Observed => ({ ...empty(rest), ...nothing, ...part, more: true })),
    { ...rest, ...nothing },
  ];
}

function empty({ type }: Pick<Observed, "type">): Pick<Observed, "population" | "type" | "waiting"> {
  return { type, population: null, waiting: null };
}

function pieces<Item>(items: readonly Item[], max: number): Item[][] {
  const found: Item[][] = [];
  for (let start = 0; start < items.length; start += max) found.push(items.slice(start, start + max));
  return found;
}
