import type { Effect } from "./effects.ts";
import type { RolloutState } from "./state.ts";

/** What was decided and is still to be done; what a backend refused for good is tried again, but nobody waits for it. */
export function unfinishedEffects({ pending, refused }: RolloutState): readonly Effect[] {
  return pending.filter(({ key }) => !Object.hasOwn(refused, key));
}
