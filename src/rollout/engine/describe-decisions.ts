import { formatInstant } from "../../base/format-instant.ts";
import { closedBecause } from "./calendar.ts";
import { viewApprovals } from "./describe-approvals.ts";
import { gateNumbers, viewGate } from "./describe-gates.ts";
import { gatesInForce, type GateStatus } from "./gates.ts";
import { phasesOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";
import type { Tally } from "./tally.ts";

/** A rollout after one record, as far as what was decided is told by it. */
export interface Moment {
  readonly state: RolloutState;
  readonly gates: readonly GateStatus[];
  readonly closed: string | null;
}

/** What is compared with the moment before. The state may be written over afterwards but for its devices. */
export function momentOf(state: RolloutState, tally: Tally, atMs: number): Moment {
  const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
  const windows = state.config.stages[wave?.stageIndex ?? -1]?.windows;
  const isHeld = state.status === "running" && !state.waveEntered;
  const closed = isHeld ? closedBecause(atMs, windows, state.freezes) : null;
  const until = closed?.opensAtMs == null ? "" : ` until ${formatInstant(closed.opensAtMs)}`;
  return { state, gates: gatesInForce(state, tally), closed: closed && `${closed.why}${until}` };
}

/** What a record came to, in words: gates that were decided, waves that began, what is waited for, how it ended. */
export function tellDecisions(before: Moment | null, after: Moment): string[] {
  return [
    ...gatesDecided(before, after),
    ...wavesBegun(before?.state ?? null, after.state),
    ...holds(before, after),
    ...wayBackPlanned(before?.state ?? null, after.state),
    ...ends(before?.state ?? null, after.state),
  ];
}

function gatesDecided(before: Moment | null, { gates, state }: Moment): string[] {
  // What is measured is measured anew for each wave; that is nothing to tell.
  const isWave = hasWaveBegun(before?.state ?? null, state);
  return gates.flatMap((gate) => {
    const { component, dryRun, name, verdict, version } = gate;
    const was = before?.gates.find(
      (each) => each.name === name && each.component === component && each.version === version,
    );
    const isDecided = verdict === "pass" || verdict === "fail";
    const isRevoked = was?.verdict === "pass" && !(isWave && viewGate(gate, state).record);
    if (verdict === was?.verdict || !(isDecided || isRevoked)) return [];
    const what = component === null ? "" : ` of ${component}${version === null ? "" : ` ${version}`}`;
    const words = verdict === "pass" ? "passed" : verdict === "fail" ? "failed" : "is undecided again";
    const numbers = gateNumbers(viewGate(gate, state));
    return [`gate ${name}${what}${dryRun ? " (dry run)" : ""} ${words}: ${numbers}`];
  });
}

function wavesBegun(before: RolloutState | null, after: RolloutState): string[] {
  if (!hasWaveBegun(before, after)) return [];
  const phases = phasesOf(after.config);
  const wave = phases[after.phaseIndex]?.waves[after.waveIndex]?.name ?? "";
  return [
    `stage ${wave} begins${after.waveIndex === 0 ? `, phase ${after.phaseIndex + 1} of ${phases.length}` : ""}`,
  ];
}

function hasWaveBegun(before: RolloutState | null, after: RolloutState): boolean {
  if (!after.waveEntered) return false;
  return (
    !before?.waveEntered || before.phaseIndex !== after.phaseIndex || before.waveIndex !== after.waveIndex
  );
}

function holds(before: Moment | null, { closed, state }: Moment): string[] {
  const told: string[] = [];
  if (state.status === "awaiting-approval" && before?.state.status !== "awaiting-approval") {
    const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
    const approvals = viewApprovals(state, wave?.stageIndex ?? -1);
    const isDenied = approvals !== null && approvals.denied.length > 0;
    const missing = approvals?.missing ?? 0;
    const why = isDenied
      ? "it was denied"
      : missing === 1
        ? "1 approval is missing"
        : `${missing} approvals are missing`;
    told.push(`stage ${approvals?.stage ?? ""} waits for people: ${why}`);
  }
  if (closed !== null && closed !== before?.closed) told.push(`nothing begins: ${closed}`);
  return told;
}

function wayBackPlanned(before: RolloutState | null, { wayBack }: RolloutState): string[] {
  if (!wayBack || wayBack === before?.wayBack) return [];
  const open = Object.entries(wayBack.open).filter(([, versions]) => versions.length > 0);
  return [
    ...open.map(([component, versions]) => `the way back to ${component} ${versions.join(", ")} is open`),
    ...wayBack.closed.map(
      ({ component, version, why }) => `the way back to ${component} ${version} is closed: ${why}`,
    ),
  ];
}

function ends(before: RolloutState | null, { failure, status }: RolloutState): string[] {
  if (status === before?.status) return [];
  const why =
    failure === null ? "" : `: ${failure.gate === null ? "" : `gate ${failure.gate}, `}${failure.reason}`;
  switch (status) {
    case "rolling-back":
      return [`it turns round${why}`];
    case "failed":
      return [`it has failed and holds${why}`];
    case "completed":
      return ["it is completed"];
    case "rolled-back":
      return ["it is rolled back"];
    case "aborted":
      return ["it is aborted; nothing new begins"];
    case "running":
    case "awaiting-approval":
    case "paused":
      return [];
  }
}
