import { iotctlCommand } from "../../base/iotctl-command.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

/** What a person may type now about a rollout, most likely first. */
export function nextCommands(view: RolloutView): string[] {
  return nextWords(view).map((words) => iotctlCommand(words, view.environment));
}

function nextWords({
  approvals,
  devices,
  refused,
  rolloutId,
  status,
  waits,
  wayBack,
}: RolloutView): string[] {
  const about = (verb: string): string => `rollout ${verb} ${rolloutId}`;
  switch (status) {
    case "awaiting-approval":
      return [`${about("approve")} --stage ${approvals?.stage ?? ""}`, about("watch"), about("abort")];
    case "paused":
      return [about("resume"), about("abort")];
    case "running": {
      const needsOthers = devices.failed > 0 && waits.some(({ kind }) => kind === "gate");
      return [about("watch"), ...(needsOthers ? [about("retry")] : [])];
    }
    case "rolling-back":
      return [about("watch")];
    case "failed":
    case "aborted": {
      const isShut = wayBack !== null && wayBack.goes.length === 0 && wayBack.stays.length > 0;
      const turns = Object.keys(refused).length > 0 ? [about("advance")] : [];
      return [...turns, about("history"), ...(isShut ? [] : [about("rollback")]), "release --again"];
    }
    case "rolled-back":
      return [about("history"), "fleet devices", "release --again"];
    case "completed":
      return ["fleet devices"];
  }
}
