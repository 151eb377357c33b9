import { IotctlError } from "../base/errors.ts";
import { iotctlCommand } from "../base/iotctl-command.ts";
import { isShut } from "../rollout/engine/describe-way-back.ts";
import { hasEnded, type RolloutState } from "../rollout/engine/state.ts";
import type { WayBack } from "../rollout/engine/way-back.ts";
import { waysBack } from "../rollout/engine/ways-back.ts";

/** As many as a person reads; `--json` has them all. */
const waysMax = 10;
const hintsMax = 5;

/** Where no device was given anything there is nothing to go back from: IOT_ROLLBACK_BLOCKED. */
export function assertMoved(state: RolloutState): void {
  if (waysBack(state).length > 0) return;
  const { config, status } = state;
  const { environment, rolloutId } = config;
  const isStopped = hasEnded(status) && status !== "completed";
  throw new IotctlError(
    "IOT_ROLLBACK_BLOCKED",
    `Rollout ${rolloutId} has updated no device, so there is nothing to take back; nothing was done.`,
    {
      hints: isStopped
        ? [`See how it stands: ${iotctlCommand(`rollout status ${rolloutId}`, environment)}`]
        : [`Stop it, apps included: ${iotctlCommand(`rollout abort ${rolloutId}`, environment)}`],
      details: { closed: [] },
    },
  );
}

/** Turns a way back that nobody can take into IOT_ROLLBACK_BLOCKED, with what stands in it and what to do instead. */
export function assertWayBack(rolloutId: string, wayBack: WayBack): void {
  if (!isShut(wayBack)) return;
  const { closed } = wayBack;
  const lines = closed
    .slice(0, waysMax)
    .flatMap(({ component, pairs, version, why }) => [
      `  to ${component} ${version || "(unknown)"}: ${why}`,
      ...pairs.map(({ a, b, evidence }) => `    ${a} and ${b}: ${evidence}`),
    ]);
  const more = closed.length - waysMax;
  throw new IotctlError(
    "IOT_ROLLBACK_BLOCKED",
    [
      `No device of rollout ${rolloutId} can go back; nothing was done.`,
      ...lines,
      ...(more > 0 ? [`  ... and ${more} more versions`] : []),
    ].join("\n"),
    {
      hints: [...new Set(closed.flatMap(({ instead }) => instead))].slice(0, hintsMax),
      details: { closed },
    },
  );
}
