import { formatPercent } from "../../base/percentages.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { StepView } from "../../rollout/engine/describe-steps.ts";
import { colour } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";
import { gateWords } from "./rollout-gate-line.ts";
import { mark } from "./marks.ts";
import { refusedWords } from "./refused-words.ts";
import { deviceWords, statusWords } from "./rollout-line.ts";

const barWidth = 24;
/** With the line above it that is drawn by the progress, this fits a terminal of 24 lines. */
const linesMax = 21;
const barsMax = 8;
const gatesMax = 6;

/**
 * A rollout as lines for a terminal that is drawn over and over: a bar for each version on its way,
 * gates, people, what it waits for. At most 21 lines, each at most `columns` wide.
 */
export function rolloutPicture(view: RolloutView, columns: number): string[] {
  const cut = (text: string): string => cutTo(terminalLine(text), columns);
  const where = view.status === "running" && view.wave !== "" ? `stage ${view.wave}` : statusWords(view);
  const gates = view.gates.filter(({ verdict }) => verdict !== "not-applicable");
  return atMost(linesMax, [
    cut(`${where}: ${deviceWords(view)}`),
    ...bars(view, columns),
    ...atMost(
      gatesMax,
      gates.map(
        (gate) =>
          `${mark(gate.verdict, process.stderr)} ${cutTo(terminalLine(gateWords(gate)), columns - 2)}`,
      ),
    ),
    ...refusedWords(view).map((words) => cut(`refused ${words}`)),
    ...peopleLines(view).map(cut),
    ...view.waits.map(({ text }) => cut(`waits for ${text}`)),
    ...Object.entries(view.out).map(([component, { asleep, devices }]) =>
      cut(`${devices} without the new ${component}, ${asleep} of them asleep`),
    ),
  ]);
}

/** The versions that are moving first, where there are too many for all. */
function bars({ steps }: RolloutView, columns: number): string[] {
  const moving = steps.filter(({ action }) => action === "introduce");
  const rank = ({ state }: StepView): number => (state === "under way" ? 0 : state === "next" ? 1 : 2);
  const kept = new Set(moving.toSorted((a, b) => rank(a) - rank(b)).slice(0, barsMax));
  const shown = moving.filter((step) => kept.has(step));
  const nameMax = Math.max(8, columns - barWidth - 8);
  const named = shown.map((step) => ({ step, name: cutTo(nameOf(step), nameMax) }));
  const width = Math.max(0, ...named.map(({ name }) => name.length));
  const left = moving.length - shown.length;
  return [
    ...named.map(({ name, step: { percent } }) => {
      return `${name.padEnd(width)}  ${bar(percent ?? 0)} ${formatPercent(Math.floor(percent ?? 0)).padStart(4)}`;
    }),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

function nameOf({ component, staged, version }: StepView): string {
  return terminalLine(`${component} ${version}${staged ? " (staged)" : ""}`);
}

function peopleLines({ approvals }: RolloutView): string[] {
  if (!approvals) return [];
  const { denied, given, required } = approvals;
  const no = denied.length === 0 ? "" : `, denied by ${denied.map(({ by }) => by).join(", ")}`;
  const yes = given.length === 0 ? "" : `: ${given.map(({ by }) => by).join(", ")}`;
  return [`${given.length} of ${required} approvals of ${approvals.stage}${yes}${no}`];
}

function bar(percent: number): string {
  const full = Math.floor((percent / 100) * barWidth);
  return (
    colour("cyan", "█".repeat(full), process.stderr) +
    colour("dim", "░".repeat(barWidth - full), process.stderr)
  );
}

function atMost(max: number, lines: readonly string[]): string[] {
  if (lines.length <= max) return [...lines];
  return [...lines.slice(0, max - 1), `and ${lines.length - max + 1} more lines: iotctl rollout status`];
}

function cutTo(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 0)).join("")}…`;
}
