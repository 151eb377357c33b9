import type { Relation } from "../compat/relation.ts";
import { satisfies } from "../compat/versions.ts";
import type { Meeting } from "../storefronts/local/wire.ts";

/** How many meetings of a phone and a device there were, and how many of them did not fit. */
export interface JudgedMeetings {
  readonly total: number;
  /** The app did not fit the firmware, but drives its update and found the image that it fits ready. */
  readonly bridged: number;
  /** What a plan is there to prevent. */
  readonly incompatible: number;
}

/** Looks at every meeting with the eyes of the relation. A device that was down met nobody. */
export function judgeMeetings(meetings: readonly Meeting[], relation: Relation): JudgedMeetings {
  const real = meetings.filter(({ answering }) => answering);
  const bad = real.filter(({ app, device }) => relation.verdict(app, device).kind !== "compatible");
  const bridged = bad.filter((meeting) => isBridged(meeting, relation));
  const all = countOf(bridged);
  return { total: countOf(real), bridged: all, incompatible: countOf(bad) - all };
}

function isBridged({ app, device }: Meeting, relation: Relation): boolean {
  const { component, staged, version } = device;
  const range = relation.facts(app.component, app.version)?.bridges?.[component];
  if (range === undefined || staged === undefined || !satisfies(version, range)) return false;
  return relation.verdict(app, { component, version: staged }).kind === "compatible";
}

function countOf(meetings: readonly Meeting[]): number {
  return meetings.reduce((total, { count }) => total + count, 0);
}
