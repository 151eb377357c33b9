import { admitDevice } from "../../src/compat/device-gate.ts";
import { type ComponentVersion, formatComponentVersion } from "../../src/compat/verdict.ts";
import { compareVersions, satisfies } from "../../src/compat/versions.ts";
import type { PlanStep } from "../../src/planner/plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";

export interface GuardQuestion {
  readonly step: PlanStep;
  readonly request: PlanRequest;
  /** Live versions of all apps. */
  readonly apps: readonly ComponentVersion[];
  /** Live versions that the introduced one does not fit. */
  readonly disagreeing: readonly ComponentVersion[];
  readonly isStuck: (version: ComponentVersion) => boolean;
}

/** What is wrong with the guard of an introduction, by the rules and by what devices would really do. */
export function guardViolations({ apps, disagreeing, isStuck, request, step }: GuardQuestion): string[] {
  const { pairing, relation } = request;
  const problems: string[] = [];
  const isFirmware = relation.facts(step.component, step.version)?.kind === "firmware";
  const isApp = relation.facts(step.component, step.version)?.kind === "app";
  const guarded = isApp ? [] : [...new Set(disagreeing.map(({ component }) => component))].toSorted();
  const said = Object.keys(step.guard ?? {}).toSorted();
  if (said.join() !== guarded.join())
    problems.push(`guards against ${said.join() || "nothing"}, not ${guarded.join() || "nothing"}`);
  if (step.guard !== null && said.length === 0) problems.push("has an empty guard");
  for (const other of isApp ? [] : disagreeing) {
    const name = formatComponentVersion(other);
    if (!isFirmware || pairing !== "observed") problems.push(`does not fit ${name}`);
    if (isStuck(other)) problems.push(`waits for ${name}, which is stuck`);
    const fitting = apps.filter(
      (app) => app.component === other.component && relation.verdict(step, app).kind === "compatible",
    );
    if (fitting.every(isStuck)) problems.push(`no live ${other.component} that users can get fits`);
    if (fitting.some((app) => compareVersions(app.version, other.version) < 0)) {
      problems.push(`users may move from a fitting ${other.component} to ${name}`);
    }
  }
  return isFirmware ? [...problems, ...gateViolations(step, request, apps)] : problems;
}

/** Devices on each replaced version, paired with each app version: what the guard says is what the gate does. */
function gateViolations(
  step: PlanStep,
  { relation }: PlanRequest,
  live: readonly ComponentVersion[],
): string[] {
  const problems: string[] = [];
  const known = Object.entries(step.guard ?? {}).flatMap(([component, range]) =>
    relation.versions(component).map((version) => ({ component, version, range })),
  );
  const unguarded = live
    .filter(({ component }) => !(component in (step.guard ?? {})))
    .map((app) => ({ ...app, range: "*" }));
  for (const { range, ...app } of [...known, ...unguarded]) {
    for (const installed of step.replaces) {
      const old = { component: step.component, version: installed };
      // The gate refuses what nobody declared, whatever the new version fits; no range can say that.
      if (relation.verdict(old, app).kind === "unknown") continue;
      const { admitted, reasons } = admitDevice({
        device: {
          hardware: relation.facts(step.component, step.version)?.hardware[0] ?? "",
          installed,
          pairedApps: [app],
          peers: [],
          busy: false,
        },
        target: step,
        relation,
        rollback: false,
      });
      if (admitted === satisfies(app.version, range)) continue;
      const why = reasons.map(({ message }) => message).join(", ") || "admitted";
      problems.push(`${formatComponentVersion(app)} and the guard ${range} disagree with the gate: ${why}`);
    }
  }
  return problems;
}
