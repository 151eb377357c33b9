import { formatDuration } from "../../base/durations.ts";
import { formatInstant } from "../../base/format-instant.ts";
import type { DeviceGroup } from "../../rollout/engine/describe-devices.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { WaitView } from "../../rollout/engine/describe-waits.ts";
import type { Stragglers } from "../../rollout/engine/state.ts";
import { colour } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";
import { nextCommands } from "./next-commands.ts";
import { refusedWords } from "./refused-words.ts";
import { gateLine } from "./rollout-gate-line.ts";
import { statusWords } from "./rollout-line.ts";
import { rolloutTree } from "./rollout-tree.ts";
import { wayBackText } from "./way-back-text.ts";

/** How many device ids to name before counting the rest. */
const devicesNamed = 5;

/** A rollout as a picture: the plan as a tree, gates, people, who waits and why, and what to type next. */
export function rolloutText(view: RolloutView, nowMs: number): string {
  const took = formatDuration((view.endedAtMs ?? nowMs) - view.startedAtMs);
  const commands = nextCommands(view);
  return [
    `${colour("bold", view.rolloutId)}  ${terminalLine(statusWords(view))}  ${colour("dim", took)}`,
    `${view.product} ${view.release} in ${view.environment}`,
    "",
    ...rolloutTree(view, nowMs),
    ...(hasGatesInTree(view) ? [] : view.gates.map((gate) => gateLine(gate))),
    "",
    devicesLine(view),
    ...Object.entries(view.population).map(populationLine),
    ...Object.entries(view.out).map(([component, out]) => outLine(component, out, nowMs)),
    ...section("Waiting", view.waiting),
    ...section("Failed", view.failed),
    ...refusedLines(view),
    ...wayBackLines(view),
    ...waitLines(view.waits, nowMs),
    "",
    ...commands.map((command, index) => `${index === 0 ? "Next: " : "  or: "}${command}`),
  ].join("\n");
}

/** Of a rollout that is over there is no wave to draw them below. */
function hasGatesInTree({ phases }: RolloutView): boolean {
  return phases.some(({ state }) => state === "under way" || state === "stopped");
}

function devicesLine({ devices }: RolloutView): string {
  const { assigned, failed, returned, staged, toReturn, updated, updating, waiting } = devices;
  const back = toReturn > 0 ? `, ${returned} of ${toReturn} back` : "";
  const more = `${staged > 0 ? `, ${staged} keep it ready` : ""}${back}`;
  return `Devices: ${updated} updated, ${updating} updating, ${assigned} assigned, ${failed} failed, ${waiting} waiting${more}`;
}

function populationLine([component, counts]: [string, Readonly<Record<string, number>>]): string {
  const parts = Object.entries(counts).map(([version, count]) => `${version} × ${count}`);
  return terminalLine(`${component}: ${parts.join(", ")}`);
}

/** `Still out: 7 devices without the new fan, 5 of them asleep, the longest since 2026-11-20 10:00 UTC (2d 3h)` */
function outLine(component: string, { asleep, devices, sinceMs }: Stragglers, nowMs: number): string {
  const since =
    sinceMs === null
      ? ", never heard of"
      : `, the longest since ${formatInstant(sinceMs)} (${formatDuration(nowMs - sinceMs)})`;
  const sleepers = asleep === 0 ? "" : `, ${asleep} of them asleep${since}`;
  return `Still out: ${devices} device${devices === 1 ? "" : "s"} without the new ${component}${sleepers}`;
}

function section(title: string, groups: readonly DeviceGroup[]): string[] {
  if (groups.length === 0) return [];
  return [
    "",
    `${title}:`,
    ...groups.map(({ devices, reason }) => {
      const named = devices.slice(0, devicesNamed).join(", ");
      const rest = devices.length > devicesNamed ? ` and ${devices.length - devicesNamed} more` : "";
      return `  ${terminalLine(`${named}${rest}: ${reason}`)}`;
    }),
  ];
}

function refusedLines(view: RolloutView): string[] {
  const refused = refusedWords(view);
  if (refused.length === 0) return [];
  return [
    "",
    "Refused, and tried again in every turn:",
    ...refused.map((words) => `  ${terminalLine(words)}`),
  ];
}

function wayBackLines({ wayBack }: RolloutView): string[] {
  if (!wayBack) return [];
  return [
    "",
    "The way back:",
    ...wayBackText(wayBack)
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}

function waitLines(waits: readonly WaitView[], nowMs: number): string[] {
  if (waits.length === 0) return [];
  const lines = waits.map(({ text, untilMs }, index) => {
    const left = untilMs === null ? "" : ` (${formatDuration(Math.max(0, untilMs - nowMs))} more)`;
    return `${index === 0 ? "Waits for" : "      and"} ${terminalLine(text)}${left}`;
  });
  return ["", ...lines];
}
