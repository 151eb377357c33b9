import { formatDuration } from "../../base/durations.ts";
import type { Gate, Release } from "../../manifest/release.ts";
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
 * devices poll, as rehearsals have them, after which every healthy device would count as silent. Gates
 * that ask metrics would never hear of a simulated fleet, so they hold nobody up.
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
  const unmeasured: string[] = [];
  const gates = Object.entries(release.gates).map(([name, gate]): [string, Gate] => {
    if (gate.measure === "metric" || gate.measure === "count") {
      unmeasured.push(name);
      return [name, { ...gate, dryRun: true }];
    }
    if (asked.deadlineMs !== undefined) return [name, { ...gate, deadlineMs: asked.deadlineMs }];
    if (gate.deadlineMs >= shortest) return [name, gate];
    rehearsed.push(name);
    return [name, { ...gate, deadlineMs: longer }];
  });
  if (rehearsed.length > 0) {
    notes.push(
      `Devices poll every ${formatDuration(shortest / 2)}, so the deadline of ${rehearsed.join(", ")} is taken as ${formatDuration(longer)}, not as in the manifest (--deadline).`,
    );
  }
  if (unmeasured.length > 0) {
    notes.push(`No metrics are simulated, so ${unmeasured.join(", ")} holds nobody up.`);
  }
  if (asked.deadlineMs !== undefined) {
    notes.push(`Every gate has a deadline of ${formatDuration(asked.deadlineMs)}, as asked.`);
  }
  return { release: { ...release, rollout: { stages }, gates: Object.fromEntries(gates) }, notes };
}
