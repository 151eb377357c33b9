import { formatDuration } from "../../base/durations.ts";
import type { Release } from "../../manifest/release.ts";
import type { SimulationModel } from "./simulation-model.ts";

/** What a gate waits when its own deadline is that of a rehearsal. */
const deadlineMs = 6 * 3_600_000;

export interface AdaptedRelease {
  readonly release: Release;
  /** What is simulated otherwise than the manifest says. */
  readonly notes: readonly string[];
}

/**
 * A release with other waiting times: those that are asked for, and deadlines that are shorter than
 * devices poll, as rehearsals have them, after which every healthy device would count as silent.
 */
export function adaptRelease(
  release: Release,
  asked: { readonly bakeMs?: number | undefined; readonly deadlineMs?: number | undefined },
  model: SimulationModel,
): AdaptedRelease {
  const notes: string[] = [];
  const { bakeMs } = asked;
  const stages = release.rollout.stages.map((stage) => (bakeMs === undefined ? stage : { ...stage, bakeMs }));
  if (bakeMs !== undefined) notes.push(`Every stage bakes for ${formatDuration(bakeMs)}, as asked.`);
  const shortest = 2 * model.devices.pollIntervalS * 1000;
  const longer = Math.max(deadlineMs, shortest);
  const rehearsed: string[] = [];
  const gates = Object.entries(release.gates).map(([name, gate]) => {
    if (asked.deadlineMs !== undefined) return [name, { ...gate, deadlineMs: asked.deadlineMs }] as const;
    if (gate.deadlineMs >= shortest) return [name, gate] as const;
    rehearsed.push(name);
    return [name, { ...gate, deadlineMs: longer }] as const;
  });
  if (rehearsed.length > 0) {
    notes.push(
      `Devices poll every ${formatDuration(shortest / 2)}, so the deadline of ${rehearsed.join(", ")} is taken as ${formatDuration(longer)}, not as in the manifest (--deadline).`,
    );
  }
  if (asked.deadlineMs !== undefined) {
    notes.push(`Every gate has a deadline of ${formatDuration(asked.deadlineMs)}, as asked.`);
  }
  return { release: { ...release, rollout: { stages }, gates: Object.fromEntries(gates) }, notes };
}
