import type { BlockedPair, Plan, PlanStep } from "../../planner/plan.ts";
import { colour } from "../colour.ts";
import { table, terminalWidth } from "../table.ts";
import { terminalLine } from "../terminal-text.ts";
import { wrapText } from "../wrap-text.ts";

/**
 * A plan as a release engineer reads it aloud: the field and what is wrong with it already, the
 * steps and beneath each why it stands where it stands; or why there is no order and what would
 * make one.
 */
export function planText(plan: Plan, width = terminalWidth()): string {
  const field = Object.entries(plan.field)
    .map(
      ([component, versions]) => `${component} ${versions.length > 0 ? versions.join(", ") : "(none seen)"}`,
    )
    .join("; ");
  const head = [terminalLine(`${plan.product} ${plan.release}`), sentence(`In the field: ${field}`, width)];
  return [
    head.join("\n"),
    ...brokenText(plan, width),
    ...stuckText(plan, width),
    ...answer(plan, width),
  ].join("\n\n");
}

function answer(plan: Plan, width: number): string[] {
  if (!plan.feasible) return blockedText(plan, width);
  return plan.steps.length > 0
    ? [stepsText(plan.steps, width)]
    : ["Nothing to do: the field is on this release already."];
}

/** Narrower terminals have no room for the guards beside the rest. */
const guardFromWidth = 100;

/** One row for each step, and under it why it stands there. */
function stepsText(steps: readonly PlanStep[], width: number): string {
  const rows = steps.map((step) => [
    step.id,
    step.staged ? "stage" : step.action,
    `${step.component} ${step.version}`,
    step.replaces.join(", "),
    // The reason beneath has the guard too; cut to pieces it is of no use.
    width < guardFromWidth ? "" : guardText(step),
    step.reversible || step.action === "retire" ? "" : "no",
  ]);
  const columns = [
    { title: "STEP" },
    { title: "DO" },
    { title: "WHAT" },
    { title: "REPLACES", shrinkTo: 8 },
    { title: "ONLY WITH", shrinkTo: 30 },
    { title: "UNDO" },
  ].map((column, index) => ({ ...column, index }));
  // A column without anything to say only takes room from the others.
  const used = columns.filter(({ index }) => rows.some((row) => row[index] !== ""));
  const cells = rows.map((row) => used.map(({ index }) => row[index] ?? ""));
  const [header, ...lines] = table(used, cells, { whenEmpty: "", width }).split("\n");
  const indent = " ".repeat(Math.max(...steps.map(({ id }) => id.length), "STEP".length) + 2);
  return [header, ...lines.flatMap((line, index) => [line, whyText(steps[index]!, width, indent)])].join(
    "\n",
  );
}

function guardText({ guard }: PlanStep): string {
  return guard === null
    ? ""
    : Object.entries(guard)
        .map(([component, range]) => `${component} ${range}`)
        .join(", ");
}

function whyText({ floor, why }: PlanStep, width: number, indent: string): string {
  const wait = floor === undefined ? "" : `; wait until it has left, or raise the floor to ${floor}`;
  return colour("dim", wrapText(terminalLine(why + wait), width, indent));
}

function brokenText({ broken, feasible }: Plan, width: number): string[] {
  if (broken.length === 0) return [];
  const what = feasible ? "The plan ends them" : "They are there already";
  return [`Broken today, whatever is released. ${what}:\n${pairsTable(broken, width)}`];
}

function stuckText({ stuck }: Plan, width: number): string[] {
  if (stuck.length === 0) return [];
  const lines = stuck.map(({ component, version, why }) =>
    sentence(`  ${component} ${version}: ${why}`, width),
  );
  return [`Can never leave the field, so every step has to fit them:\n${lines.join("\n")}`];
}

/** Where versions by the dozen are coupled, the reason can be as long as the history. */
const pairsShown = 8;

function blockedText({ blocked }: Plan, width: number): string[] {
  const { pairs = [], repairs = [] } = blocked ?? {};
  const more = pairs.length - pairsShown;
  const rest = more > 0 ? `\nand ${more} more; --json has them all` : "";
  const reasons = `There is no safe order. These rule every one out:\n${pairsTable(pairs.slice(0, pairsShown), width)}${rest}`;
  if (repairs.length === 0) return [reasons, "No single change that was tried would make one."];
  const changes = repairs.map(({ change, steps }, index) => {
    const text = `${index + 1}. ${change} (${steps === 1 ? "1 step" : `${steps} steps`})`;
    return sentence(`  ${text}`, width);
  });
  return [reasons, `Any one of these would make one; each was planned to the end:\n${changes.join("\n")}`];
}

function pairsTable(pairs: readonly BlockedPair[], width: number): string {
  const rows = pairs.map(({ a, b, verdict }) => [a, b, verdict]);
  const columns = [{ title: "THIS" }, { title: "AND THIS" }, { title: "ARE" }];
  const [header, ...lines] = table(columns, rows, { whenEmpty: "", width }).split("\n");
  const because = (index: number): string =>
    colour("dim", wrapText(terminalLine(pairs[index]?.evidence ?? ""), width, "    "));
  return [header, ...lines.flatMap((line, index) => [line, because(index)])].join("\n");
}

function sentence(text: string, width: number): string {
  const indent = /^ */.exec(text)![0];
  return wrapText(terminalLine(text.trimStart()), width, indent);
}
