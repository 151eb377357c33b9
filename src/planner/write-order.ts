import { clustersOf, costOf } from "./cluster.ts";
import type { Problem, VersionId } from "./problem.ts";
import { cheapestRoute, type FirmwareIntroduction, type Path } from "./route.ts";
import { type DraftStep, StepWriter, StrandedError } from "./step-writer.ts";

/** An order written out, with what decides between it and others. */
export interface Order {
  readonly steps: readonly DraftStep[];
  /** Of intermediate firmware and services, and of staging. */
  readonly cost: number;
  /** Retirements that a later introduction waits for. */
  readonly waits: number;
}

/** The steps of one order of apps and services with the firmware between; null where it leaves devices behind. */
export function writeOrder(
  problem: Problem,
  path: Path,
  mayRetire: (app: VersionId) => boolean,
): Order | null {
  const introductions: FirmwareIntroduction[] = [];
  let cost = 0;
  for (const cluster of clustersOf(problem, false)) {
    const route = cheapestRoute(problem, cluster, path);
    if (!route) return null;
    introductions.push(...route.introductions);
    cost += route.cost;
  }
  for (const { move } of path.labels) {
    for (const id of move?.introduces ?? [])
      if (problem.partOf(id).kind === "service") cost += costOf(problem, id);
  }
  const writer = new StepWriter(problem, mayRetire);
  try {
    write(problem, path, introductions, writer);
  } catch (error) {
    if (error instanceof StrandedError) return null;
    throw error;
  }
  const { steps } = writer;
  return { steps, cost, waits: steps.filter((step) => step.for !== null).length };
}

function write(
  problem: Problem,
  path: Path,
  introductions: readonly FirmwareIntroduction[],
  writer: StepWriter,
): void {
  const offered = new Set([
    ...introductions.map(({ id }) => id),
    ...path.labels.flatMap(({ move }) => move?.introduces ?? []),
  ]);
  const coming = new Set(offered);
  const late = latecomers(problem, offered);
  const introduce = (id: VersionId): void => {
    writer.introduce(id);
    coming.delete(id);
  };
  const placeLatecomers = (): void => {
    for (const id of late) {
      if (problem.partOf(id).kind === "app" || !writer.fitsNow(id)) continue;
      if (![...coming].every((other) => problem.fits(id, other))) continue;
      late.delete(id);
      writer.introduce(id);
    }
  };
  for (const [at, { move }] of path.labels.entries()) {
    placeLatecomers();
    const here = introductions.filter((each) => each.at === at);
    if (move?.lockstep) {
      const staged = here.filter(({ lockstep }) => lockstep).map(({ id }) => id);
      writer.lockstep(move.introduces, [...new Set(staged)]);
      for (const id of [...move.introduces, ...staged]) coming.delete(id);
    } else for (const id of move?.introduces ?? []) introduce(id);
    placeLatecomers();
    for (const { id, lockstep } of here) if (!lockstep) introduce(id);
  }
  placeLatecomers();
  for (const id of late) writer.introduce(id);
  writer.finish();
}

/** Targets that nothing has to move away for: nobody is there yet, or some are there already. */
function latecomers(problem: Problem, offered: ReadonlySet<VersionId>): Set<VersionId> {
  const order = { service: 0, firmware: 1, app: 2 } as const;
  const parts = problem.parts.filter(({ moves, target }) => moves && target !== null && !offered.has(target));
  return new Set(
    parts.toSorted((a, b) => order[a.kind] - order[b.kind] || a.index - b.index).map(({ target }) => target!),
  );
}
