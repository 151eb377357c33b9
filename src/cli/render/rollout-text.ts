import { formatDuration } from "../../base/durations.ts";
import { iotctlCommand } from "../../base/iotctl-command.ts";
import { formatPercent } from "../../base/percentages.ts";
import { gateNumbers } from "../../rollout/engine/describe-gates.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { StepView } from "../../rollout/engine/describe-steps.ts";
import { colour, type Style } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";
import { statusWords } from "./rollout-line.ts";

/** How many device ids to name before counting the rest. */
const devicesNamed = 5;

const marks = {
  done: ["green", "✓"],
  "under way": ["cyan", "▸"],
  next: ["dim", "·"],
  "left to time": ["dim", "·"],
} as const satisfies Record<StepView["state"], readonly [Style, string]>;

/** A rollout as a picture: steps, gates, who waits and why, and what to type next. */
export function rolloutText(view: RolloutView, nowMs: number): string {
  const took = formatDuration((view.endedAtMs ?? nowMs) - view.startedAtMs);
  const { devices } = view;
  const lines = [
    `${colour("bold", view.rolloutId)}  ${statusWords(view)}  ${colour("dim", took)}`,
    ...(view.wave === "" ? [] : [`Stage: ${view.wave}`]),
    "",
    ...view.steps.map(stepLine),
    "",
    `Devices: ${devices.updated} updated, ${devices.updating} updating, ${devices.assigned} assigned, ` +
      `${devices.failed} failed, ${devices.waiting} waiting${devices.returned > 0 ? `, ${devices.returned} back` : ""}`,
    ...Object.entries(view.population).map(populationLine),
    ...view.gates.map(
      (gate) =>
        `Gate ${gate.name}${gate.component === null ? "" : ` of ${gate.component}`}: ${gate.verdict}, ${gateNumbers(gate)} (limit ${gate.limitPercent}%)`,
    ),
    ...section("Waiting", view.waiting),
    ...section("Failed", view.failed),
    ...(view.waitsFor === null ? [] : ["", `Waits for ${view.waitsFor}.`]),
    ...nextCommands(view).map((command, index) => `${index === 0 ? "\nNext: " : "  or: "}${command}`),
  ];
  return lines.join("\n");
}

/** What a person may type now, most likely first. */
function nextCommands(view: RolloutView): string[] {
  return nextWords(view).map((words) => iotctlCommand(words, view.environment));
}

function nextWords({ rolloutId, status, wave }: RolloutView): string[] {
  const about = (verb: string): string => `rollout ${verb} ${rolloutId}`;
  switch (status) {
    case "awaiting-approval":
      return [`${about("approve")} --stage ${wave.split(" ")[0]}`, about("watch"), about("abort")];
    case "paused":
      return [about("resume"), about("abort")];
    case "running":
    case "rolling-back":
      return [about("watch")];
    case "failed":
    case "aborted":
      return [about("history"), about("rollback")];
    case "rolled-back":
      return [about("history"), "fleet devices"];
    case "completed":
      return ["fleet devices"];
  }
}

function stepLine({ action, component, percent, state, version }: StepView): string {
  const [style, mark] = marks[state];
  const share = percent === null || state === "next" ? "" : `  ${formatPercent(Math.floor(percent))}`;
  const note = state === "left to time" ? colour("dim", "  when nobody uses it any more") : "";
  return `  ${colour(style, mark)} ${action} ${component} ${version}${share}${note}`;
}

function populationLine([component, counts]: [string, Readonly<Record<string, number>>]): string {
  const parts = Object.entries(counts).map(([version, count]) => `${version} × ${count}`);
  return `${component}: ${parts.join(", ")}`;
}

function section(title: string, groups: RolloutView["waiting"]): string[] {
  if (groups.length === 0) return [];
  return [
    "",
    `${title}:`,
    ...groups.map(({ devices, reason }) => {
      const named = devices.slice(0, devicesNamed).join(", ");
      const rest = devices.length > devicesNamed ? ` and ${devices.length - devicesNamed} more` : "";
      return `  ${named}${rest}: ${terminalLine(reason)}`;
    }),
  ];
}
