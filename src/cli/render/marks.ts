import type { Standing } from "../../rollout/engine/describe-phases.ts";
import type { StepView } from "../../rollout/engine/describe-steps.ts";
import type { GateVerdict } from "../../rollout/engine/gates.ts";
import { colour, type Style } from "../colour.ts";

const marks = {
  done: ["green", "✓"],
  "under way": ["cyan", "▸"],
  waiting: ["yellow", "…"],
  stopped: ["red", "✗"],
  "taken back": ["yellow", "↩"],
  next: ["dim", "·"],
  "left to time": ["dim", "·"],
  pass: ["green", "✓"],
  fail: ["red", "✗"],
  inconclusive: ["yellow", "?"],
  "not-applicable": ["dim", "–"],
} as const satisfies Record<Standing | "waiting" | StepView["state"] | GateVerdict, readonly [Style, string]>;

/** How something stands, as one character. */
export function mark(state: keyof typeof marks, stream?: NodeJS.WriteStream): string {
  const [style, character] = marks[state];
  return colour(style, character, stream);
}
