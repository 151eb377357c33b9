import { formatPercent } from "../../base/percentages.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { colour } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";
import { deviceWords, statusWords } from "./rollout-line.ts";

const barWidth = 24;

/** A rollout as lines with a bar for each version on its way, for a terminal that is drawn over and over. */
export function rolloutPicture(view: RolloutView): string[] {
  const moving = view.steps.filter(({ action }) => action === "introduce");
  const width = Math.max(...moving.map(({ component, version }) => component.length + version.length + 1), 0);
  const where = view.status === "running" && view.wave !== "" ? `stage ${view.wave}` : statusWords(view);
  return [
    terminalLine(`${where}: ${deviceWords(view)}`),
    ...moving.map(({ component, percent, version }) => {
      const name = `${component} ${version}`.padEnd(width);
      return `${name}  ${bar(percent ?? 0)} ${formatPercent(Math.floor(percent ?? 0)).padStart(4)}`;
    }),
    ...(view.waitsFor === null ? [] : [terminalLine(`waits for ${view.waitsFor}`)]),
  ];
}

function bar(percent: number): string {
  const full = Math.floor((percent / 100) * barWidth);
  return (
    colour("cyan", "█".repeat(full), process.stderr) +
    colour("dim", "░".repeat(barWidth - full), process.stderr)
  );
}
