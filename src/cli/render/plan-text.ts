import type { Plan } from "../../planner/plan.ts";
import { table } from "../table.ts";

/** A plan as a release engineer reads it aloud: the field, the steps, why each stands where it stands. */
export function planText(plan: Plan): string {
  const field = Object.entries(plan.field)
    .map(
      ([component, versions]) => `${component} ${versions.length > 0 ? versions.join(", ") : "(none seen)"}`,
    )
    .join("; ");
  const head = `${plan.product} ${plan.release}\nIn the field: ${field}\n`;
  return plan.feasible ? `${head}\n${stepsTable(plan)}` : `${head}\n${blockedText(plan)}`;
}

function stepsTable(plan: Plan): string {
  const rows = plan.steps.map((step) => [
    step.id,
    step.action,
    `${step.component} ${step.version}`,
    step.replaces.join(", "),
    step.guard === null
      ? ""
      : Object.entries(step.guard)
          .map(([component, range]) => `${component} ${range}`)
          .join(", "),
    step.reversible || step.action === "retire" ? "" : "no",
    step.why,
  ]);
  const columns = [
    { title: "STEP" },
    { title: "DO" },
    { title: "WHAT" },
    { title: "REPLACES" },
    { title: "GUARD", shrinkTo: 12 },
    { title: "UNDO" },
    { title: "WHY HERE", shrinkTo: 20 },
  ].map((column, index) => ({ ...column, index }));
  // A column without anything to say only takes room from the others.
  const used = columns.filter(({ index }) => rows.some((row) => row[index] !== ""));
  return table(
    used,
    rows.map((row) => used.map(({ index }) => row[index] ?? "")),
    { whenEmpty: "Nothing to do: the field is on this release already." },
  );
}

function blockedText(plan: Plan): string {
  const rows = (plan.blocked?.pairs ?? []).map(({ a, b, evidence, verdict }) => [a, b, verdict, evidence]);
  const columns = [
    { title: "THIS" },
    { title: "AND THIS" },
    { title: "ARE" },
    { title: "BECAUSE", shrinkTo: 30 },
  ];
  return `There is no safe order. Pairs that stand in the way:\n\n${table(columns, rows, { whenEmpty: "" })}`;
}
