import type { LiveSets, Relation } from "../compat/relation.ts";

/** What a plan is made from. */
export interface PlanRequest {
  readonly product: string;
  readonly release: string;
  readonly relation: Relation;
  /** Versions in use now, by component. */
  readonly live: LiveSets;
  /** The version of the release, by component. */
  readonly target: Readonly<Record<string, string>>;
  readonly pairing: "observed" | "arbitrary";
}
