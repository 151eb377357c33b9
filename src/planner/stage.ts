import { alwaysLive, type VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";

/**
 * One point of an order: the apps and services that live there beside what lives all the time, by
 * index of their part, lowest first. The last app is the one that everybody can have.
 */
export type Stage = readonly (readonly VersionId[])[];

/** Whether a firmware can be introduced beside the apps and services of a stage, guarded where that is allowed. */
export function firmwareFits(problem: Problem, stage: Stage, id: VersionId): boolean {
  return problem.partOf(id).coupled.every((part) => {
    const here = stage[part.index]!;
    if (here.every((other) => problem.fits(id, other))) return true;
    const live = [...alwaysLive(part), ...here];
    return here.every((other) => problem.fits(id, other) || canGuard(problem, id, other, live));
  });
}

/** Whether an app or a service can be introduced beside the others of a stage. */
export function peersFit(problem: Problem, stage: Stage, id: VersionId): boolean {
  return problem
    .partOf(id)
    .coupled.every((part) => (stage[part.index] ?? []).every((other) => problem.fits(id, other)));
}

/**
 * Whether the gates of devices can keep new firmware away from a live app that it does not fit: some
 * live version of the app fits that all can have, and nobody who has one that fits can come to the one that does not.
 */
export function canGuard(
  problem: Problem,
  id: VersionId,
  app: VersionId,
  live: readonly VersionId[],
): boolean {
  if (problem.request.pairing !== "observed" || problem.partOf(id).kind !== "firmware") return false;
  const part = problem.partOf(app);
  if (part.kind !== "app" || part.permanent.includes(app)) return false;
  const fitting = live.filter((other) => problem.fits(id, other));
  return fitting.some((other) => !part.permanent.includes(other)) && fitting.every((other) => other > app);
}
