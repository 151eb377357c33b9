import type { BlockedPair } from "../../planner/plan.ts";

/** What the planner says about going back. Kept in the journal: a later planner may judge otherwise. */
export interface WayBack {
  /** Versions that devices may go back to, by component: those of the field before that fit all that is live now. */
  readonly open: Readonly<Record<string, readonly string[]>>;
  /** Versions that nobody may go back to. */
  readonly closed: readonly ClosedWay[];
}

export interface ClosedWay {
  readonly component: string;
  readonly version: string;
  /** Pairs that would meet and do not fit; empty where something else stands in the way, as an anti-rollback counter does. */
  readonly pairs: readonly BlockedPair[];
  /** Why, as a sentence. */
  readonly why: string;
  /** What to do instead, as sentences or commands. */
  readonly instead: readonly string[];
}
