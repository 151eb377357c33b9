import { gateNumbers, type GateView } from "../../rollout/engine/describe-gates.ts";
import { terminalLine } from "../terminal-text.ts";
import { mark } from "./marks.ts";

const verdictWords = {
  pass: "passed",
  fail: "failed",
  inconclusive: "undecided",
  "not-applicable": "nothing to judge",
} as const;

/** One gate with what it rests on: `✓ gate updated of fan 2.0.0: passed, 12 of 12 devices good (limit 2%)`. */
export function gateLine(gate: GateView, stream?: NodeJS.WriteStream): string {
  return `${mark(gate.verdict, stream)} ${terminalLine(gateWords(gate))}`;
}

/** The same without its mark. */
export function gateWords(gate: GateView): string {
  const { component, dryRun, limitPercent, measure, name, verdict, version } = gate;
  const what = component === null ? "" : ` of ${component}${version === null ? "" : ` ${version}`}`;
  const limit = measure === null || measure === "metric" ? "" : ` (limit ${limitPercent}%)`;
  const numbers = verdict === "not-applicable" ? "" : `, ${gateNumbers(gate)}${limit}`;
  return `gate ${name}${what}${dryRun ? " (dry run)" : ""}: ${verdictWords[verdict]}${numbers}`;
}
