import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { ControlledRollout } from "./controlled-rollout.ts";
import type { RolloutJournals } from "./journal/journal.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

export interface ControllerOptions {
  readonly journals: RolloutJournals;
  readonly ports: RolloutPorts;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Takes lines for the operator: what has changed, what went wrong. */
  readonly log: (line: string) => void;
}

/**
 * Moves every rollout of an environment on until it is told to stop: the same turn as `rollout
 * advance`, every so often. Trouble with one rollout is told once and keeps neither it nor the others
 * from being tried again; where somebody else has the turn, it is theirs.
 */
export async function controlRollouts(options: ControllerOptions): Promise<void> {
  const { clock, intervalMs, journals, log, ports, signal } = options;
  const known = new Map<string, ControlledRollout>();
  const say = onceEach(log);
  while (!signal.aborted) {
    const ids = await journals.list().catch((error: unknown) => {
      say("", messageOf(error));
      return null;
    });
    for (const id of ids ?? []) {
      if (!known.has(id)) known.set(id, new ControlledRollout(id, journals, ports));
    }
    const rollouts = [...known.values()];
    const tell = ({ rolloutId }: ControlledRollout, line: string): void =>
      say(rolloutId, `${rolloutId}: ${line}`);
    for (const rollout of rollouts) {
      await rollout.catchUp().catch((error: unknown) => tell(rollout, messageOf(error)));
    }
    for (const rollout of rollouts) {
      if (signal.aborted) break;
      const { isCertain, isNewest } = rollout.standingAmong(rollouts);
      const standing = { isNewest, isCertain: isCertain && ids !== null };
      await rollout.turn(clock.now(), standing).then(
        (status) => status !== null && tell(rollout, status),
        (error: unknown) => tell(rollout, messageOf(error)),
      );
    }
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}

/** Says about each subject what was not the last thing said about it. */
function onceEach(log: (line: string) => void): (subject: string, line: string) => void {
  const last = new Map<string, string>();
  return (subject, line) => {
    if (last.get(subject) === line) return;
    last.set(subject, line);
    log(line);
  };
}
