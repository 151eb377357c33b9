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
  /**
   * Hardware models on which each firmware version in use was seen, by component, then version.
   * Absent: the models that version has images for; where it has none, those of the target.
   */
  readonly hardware?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}
