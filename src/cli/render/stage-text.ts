import { formatPercent } from "../../base/percentages.ts";
import { gateNumbers } from "../../rollout/engine/describe-gates.ts";
import type { StageDescription, StageMove } from "../../rollout/engine/describe-stage.ts";
import type { Approval } from "../../rollout/engine/state.ts";
import { terminalLine } from "../terminal-text.ts";

/** What somebody should read before they say yes to a stage. */
export function stageText(stage: StageDescription): string {
  const { approvals, baking, devices, gates, irreversible, moves, product, release, warnings } = stage;
  const lines = [
    `Stage ${stage.stage} of ${product} ${release} in ${stage.environment} (rollout ${stage.rolloutId})`,
    `Plan ${stage.planDigest}`,
    "",
    "Moves:",
    ...(moves.length === 0 ? ["  nothing"] : moves.map((move) => `  ${moveText(move)}`)),
    `Devices: ${devices === null ? "nobody has looked yet" : `${devices} that do not run it yet`}`,
    "Gates so far:",
    ...(gates.length === 0 ? ["  none"] : []),
    ...gates.map((gate) => {
      const about = gate.component === null ? "" : ` of ${gate.component}`;
      return `  ${gate.name}${about}: ${gate.verdict}${gate.dryRun ? " (dry run)" : ""}, ${gateNumbers(gate)}`;
    }),
    ...(irreversible.length === 0 ? ["All of it can be taken back."] : ["Cannot be taken back:"]),
    ...irreversible.map(({ component, version, why }) => `  ${component} ${version}: ${why}`),
    `Approvals: ${approvals.given.length} of ${approvals.required}, ${approvals.missing} missing`,
    ...approvals.given.map((each) => `  ${saidText(each, "approved")}`),
    ...approvals.denied.map((each) => `  ${saidText(each, "denied")}`),
    ...openText(approvals.open),
    ...(baking === null ? [] : [`Bakes: ${baking.wave} until ${new Date(baking.untilMs).toISOString()}`]),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ];
  return lines.map(keptLine).join("\n");
}

function moveText({ component, from, kind, percent, staged, to }: StageMove): string {
  const before = from.length > 0 ? `${from.join(", ")} → ` : "";
  const shown =
    percent === null
      ? ""
      : `, shown to ${formatPercent(percent.from)} → ${formatPercent(percent.to)} of users`;
  return `${kind} ${component}: ${before}${to}${staged ? " (kept ready, not run)" : ""}${shown}`;
}

function saidText({ atMs, by, reason }: Approval, verb: string): string {
  return `${by} ${verb} on ${new Date(atMs).toISOString()}${reason === "" ? "" : ` (${reason})`}`;
}

function openText(open: readonly string[] | null): string[] {
  if (open === null || open.length === 0) return [];
  return [`  not heard yet: ${open.join(", ")}`];
}

/** Reasons come from people, versions from devices: they stay on their line. */
function keptLine(line: string): string {
  const indent = line.startsWith("  ") ? "  " : "";
  return `${indent}${terminalLine(line)}`;
}
