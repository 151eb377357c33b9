import { kindRank } from "./part.ts";
import type { DraftStep } from "./step-writer.ts";
import type { Problem } from "./problem.ts";

/** A step with the piece of the release it belongs to. */
export interface PlacedStep {
  readonly piece: number;
  readonly index: number;
}

/**
 * One order of several that have nothing to do with one another: what waits for a version to leave
 * comes after what waits for none, and what is left to time comes last.
 */
export function joinOrders(
  orders: readonly { readonly problem: Problem; readonly steps: readonly DraftStep[] }[],
): PlacedStep[] {
  const rounds: { rank: number; steps: PlacedStep[] }[][] = [];
  const tail: { rank: number; step: PlacedStep; component: string }[] = [];
  for (const [piece, { problem, steps }] of orders.entries()) {
    const last = steps.findLastIndex(({ action }) => action === "introduce");
    let round = -1;
    for (const [index, step] of steps.entries()) {
      const part = problem.partOf(step.id);
      if (index > last && !step.atOnce) {
        tail.push({ rank: kindRank[part.kind], step: { piece, index }, component: part.component });
        continue;
      }
      const waits = step.for !== null && steps[index - 1]?.for !== step.for;
      if (round < 0 || waits) {
        round++;
        (rounds[round] ??= []).push({ rank: kindRank[part.kind], steps: [] });
      }
      rounds[round]!.at(-1)!.steps.push({ piece, index });
    }
  }
  const body = rounds.flatMap((chunks) =>
    chunks.toSorted((a, b) => a.rank - b.rank).flatMap(({ steps }) => steps),
  );
  const byKind = tail.toSorted(
    (a, b) => a.rank - b.rank || (a.component < b.component ? -1 : a.component > b.component ? 1 : 0),
  );
  return [...body, ...byKind.map(({ step }) => step)];
}
