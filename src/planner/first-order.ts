import { Dominance } from "./dominance.ts";
import type { Label, OrderSearch } from "./order-search.ts";
import { retireAll } from "./order-search.ts";
import { TooLargeError } from "./too-large-error.ts";

/** More points than this and the search gives up rather than run for ever. */
const labelsMax = 50_000;

/**
 * Whether there is an order at all, by the one with the fewest introductions of apps; null where
 * there is none. Every way that leaves more choices than another replaces it, so this ends soon.
 */
export function firstOrder(search: OrderSearch, lockstep: boolean): Label | null {
  const byIntroductions = [search.starts(retireAll)];
  const seen = new Dominance(leavesMore);
  let count = 0;
  // Both lists grow while they are walked through.
  for (let introductions = 0; introductions < byIntroductions.length; introductions++) {
    for (const label of byIntroductions[introductions] ?? []) {
      if (search.hasArrived(label)) return label;
      if (seen.includes(label)) continue;
      if (++count > labelsMax) throw new TooLargeError();
      for (const after of search.expand(label, lockstep, retireAll)) {
        (byIntroductions[after.appIntroductions] ??= []).push(after);
      }
    }
  }
  return null;
}

/** Whether one way to a stage leaves at least the choices of another. */
function leavesMore(a: Label, b: Label): boolean {
  return (
    a.services.every((id) => b.services.includes(id)) &&
    b.reach.every((reach, index) => {
      const other = a.reach[index]!;
      if (reach.size > other.size) return false;
      for (const key of reach.keys()) if (!other.has(key)) return false;
      return true;
    })
  );
}
