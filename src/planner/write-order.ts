import { clustersOf, costOf } from "./cluster.ts";
import { compareParts, type VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { cheapestRoute, type FirmwareIntroduction, type Path } from "./route.ts";
import { type DraftStep, StepWriter, StrandedError } from "./step-writer.ts";

/** An order written out, with what decides between it and others. */
export interface WrittenOrder {
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
): WrittenOrder | null {
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
  const moves = movesAlong(path, introductions);
  const writer = new StepWriter(
    problem,
    mayRetire,
    moves.flatMap(({ ids }) => ids),
  );
  try {
    write(problem, moves, writer);
  } catch (error) {
    if (error instanceof StrandedError) return null;
    throw error;
  }
  const { steps } = writer;
  return { steps, cost, waits: steps.filter((step) => step.for !== null).length };
}

/** What is introduced together: a single version, or the apps and the staged firmware of a lockstep. */
interface Introductions {
  readonly ids: readonly VersionId[];
  readonly staged: readonly VersionId[];
}

function movesAlong({ labels }: Path, introductions: readonly FirmwareIntroduction[]): Introductions[] {
  return labels.flatMap(({ move }, at) => {
    const here = introductions.filter((each) => each.at === at);
    const staged = [...new Set(here.filter(({ lockstep }) => lockstep).map(({ id }) => id))];
    const alone = here.filter(({ lockstep }) => !lockstep).map(({ id }) => ({ ids: [id], staged: [] }));
    return move ? [{ ids: [...move.introduces, ...staged], staged }, ...alone] : alone;
  });
}

function write(problem: Problem, moves: readonly Introductions[], writer: StepWriter): void {
  const late = latecomers(problem, new Set(moves.flatMap(({ ids }) => ids)));
  const placeLatecomers = (): void => {
    for (const id of late) {
      if (problem.partOf(id).kind === "app" || !writer.fitsNow(id)) continue;
      late.delete(id);
      writer.introduce(id);
    }
  };
  placeLatecomers();
  for (const { ids, staged } of moves) {
    if (staged.length > 0) writer.lockstep(ids.slice(0, -staged.length), staged);
    else for (const id of ids) writer.introduce(id);
    placeLatecomers();
  }
  for (const id of late) writer.introduce(id);
  writer.finish();
}

/** Targets that nothing has to move away for: nobody is there yet, or some are there already. */
function latecomers(problem: Problem, offered: ReadonlySet<VersionId>): Set<VersionId> {
  const parts = problem.parts.filter(({ moves, target }) => moves && target !== null && !offered.has(target));
  return new Set(parts.toSorted(compareParts).map(({ target }) => target!));
}
