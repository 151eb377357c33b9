import { formatDuration } from "../../base/durations.ts";
import { formatInstant } from "../../base/format-instant.ts";
import { formatPercent } from "../../base/percentages.ts";
import type { PhaseView, StageView, WaveView } from "../../rollout/engine/describe-phases.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { StepView } from "../../rollout/engine/describe-steps.ts";
import { colour } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";
import { mark } from "./marks.ts";
import { gateLine } from "./rollout-gate-line.ts";
import { type TreeNode, treeLines } from "./tree-lines.ts";

/**
 * The plan as a tree of phases, stages and waves with a mark at each. The phase it is in is drawn out,
 * with the steps under way, and with the gates below the wave that they stand behind.
 */
export function rolloutTree(view: RolloutView, nowMs: number): string[] {
  const left = view.steps.filter(({ action, state }) => action === "retire" && state === "left to time");
  const roots = view.phases.map((phase, index) => phaseNode(view, phase, index, nowMs));
  const it = left.length === 1 ? "it" : "them";
  const turnedRound = view.status === "rolling-back" || view.status === "rolled-back";
  const isLeft = left.length > 0 && !turnedRound && view.devices.toReturn === 0;
  const rest = isLeft ? [`${mark("left to time")} ${names(left)} when nobody uses ${it} any more`] : [];
  return [...treeLines(roots), ...rest];
}

function phaseNode(view: RolloutView, phase: PhaseView, index: number, nowMs: number): TreeNode {
  const steps = stepsOf(view, phase.steps);
  const title = `${mark(phase.state)} Phase ${index + 1} of ${view.phases.length}: ${names(steps)}`;
  if (phase.state === "taken back") return { text: `${title}, taken back` };
  if (phase.state === "done") return { text: title };
  const after = stepsOf(view, phase.after).map((step) => ({ text: awaitedLine(step) }));
  if (phase.state === "next") {
    const waves = phase.stages.flatMap((stage) => stage.waves.map(({ name }) => name));
    return { text: title, children: [...after, { text: colour("dim", waves.join(", ")) }] };
  }
  const stages = phase.stages.map((stage) => stageNode(view, stage, steps, nowMs));
  const hasGatesInside = phase.stages.some(({ waves }) => waves.some(({ name }) => name === view.gatesOf));
  const gates = hasGatesInside ? [] : gateNodes(view);
  return { text: title, children: [...after, ...gates, ...stages] };
}

function stageNode(view: RolloutView, stage: StageView, steps: readonly StepView[], nowMs: number): TreeNode {
  const isPast = stage.state === "done" || stage.state === "taken back";
  const said = isPast ? [] : peopleNodes(stage);
  const windows = isPast ? [] : stage.windows.map((text) => ({ text: `only ${text}` }));
  const [only] = stage.waves;
  if (only && stage.waves.length === 1 && only.name === stage.name) {
    const { children = [], text } = waveNode(view, only, steps, nowMs);
    return { text, children: [...said, ...windows, ...children] };
  }
  const waves = stage.waves.map((wave) => waveNode(view, wave, steps, nowMs));
  return { text: `${mark(stage.state)} ${stage.name}`, children: [...said, ...windows, ...waves] };
}

function waveNode(view: RolloutView, wave: WaveView, steps: readonly StepView[], nowMs: number): TreeNode {
  const { appsPercent, bakesUntilMs, devices, startedAtMs, state } = wave;
  const whom = colour("dim", `  devices ${devices}, apps ${formatPercent(appsPercent)}`);
  const began = startedAtMs === null ? "" : `  began ${formatDuration(nowMs - startedAtMs)} ago`;
  const bakes = bakesUntilMs !== null && bakesUntilMs > nowMs && state === "under way";
  const watched = bakes ? `, watched for ${formatDuration(bakesUntilMs - nowMs)} more` : "";
  const isHere = state === "under way" || state === "stopped";
  return {
    text: `${mark(state)} ${wave.name}${whom}${isHere ? began + watched : ""}`,
    children: [
      ...(isHere ? steps.map((step) => ({ text: stepLine(step) })) : []),
      ...(view.gatesOf === wave.name && state !== "next" ? gateNodes(view) : []),
    ],
  };
}

function gateNodes({ gates }: RolloutView): TreeNode[] {
  return gates.map((gate) => ({ text: gateLine(gate) }));
}

function peopleNodes({ approvals, state }: StageView): TreeNode[] {
  if (!approvals) return [];
  const { denied, given, missing, required } = approvals;
  const said = [...given, ...denied].map(({ atMs, by, denied: isNo, reason }) => {
    const words = `${isNo ? "denied" : "approved"} by ${by}${reason === "" ? "" : ` (${reason})`}`;
    return { text: `${mark(isNo ? "fail" : "pass")} ${terminalLine(words)}, ${formatInstant(atMs)}` };
  });
  if (missing === 0) return said;
  const isNext = state === "next";
  return [
    ...said,
    { text: `${mark(isNext ? "next" : "inconclusive")} ${missing} of ${required} approvals missing` },
  ];
}

/** `▸ introduce fan 2.0.0  50%` */
function stepLine({ action, component, percent, staged, state, version }: StepView): string {
  const share = percent === null || state === "next" ? "" : `  ${formatPercent(Math.floor(percent))}`;
  const isDone = percent === 100 && state !== "taken back";
  return `${mark(isDone ? "done" : state)} ${staged ? "stage" : action} ${component} ${version}${share}`;
}

function awaitedLine(step: StepView): string {
  const what = step.staged ? "lies ready everywhere" : "has left the field";
  return `${mark(step.state)} after ${step.component} ${step.version} ${what}`;
}

function stepsOf({ steps }: RolloutView, ids: readonly string[]): StepView[] {
  return steps.filter(({ id }) => ids.includes(id));
}

/** `introduce cloud 5.2.0, introduce fan 2.0.0` */
function names(steps: readonly StepView[]): string {
  return steps
    .map(({ action, component, staged, version }) => `${staged ? "stage" : action} ${component} ${version}`)
    .join(", ");
}
