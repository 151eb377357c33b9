import { satisfies } from "../../compat/versions.ts";
import type { Stage } from "../../manifest/release.ts";
import type { Plan, PlanStep } from "../../planner/plan.ts";
import type { RulesVersion } from "./state.ts";

/**
 * Steps that may be under way together: every one of them is safe beside the others, because each
 * prefix of a plan is. A new phase begins where the plan waits for a version to leave the field.
 */
export interface Phase {
  /** What must have left the field before the phase begins. */
  readonly after: readonly PlanStep[];
  /** What must lie ready on every device before the phase begins. */
  readonly afterStaging: readonly PlanStep[];
  readonly introductions: readonly PlanStep[];
  /** The waves that change something in this phase, in order. */
  readonly waves: readonly ScheduledWave[];
}

export interface ScheduledWave {
  readonly stageIndex: number;
  readonly waveIndex: number;
  /** `canary`, `fleet 50%` */
  readonly name: string;
}

/**
 * Cuts a plan into phases and walks each through the stages. Trailing retirements are left to time. The
 * retirement of a service right after its introduction is part of the deployment; images are laid ready
 * in a phase of their own. Firmware that only an app of the phase opens a device for waits until that app
 * was shown to all: beside it, the first waves would have next to no devices to prove anything with.
 * By the first rules every retirement cuts, and nothing else does.
 */
export function schedulePhases(
  plan: Plan,
  stages: readonly Stage[],
  kindOf: (component: string) => "app" | "firmware" | "service",
  rulesVersion: RulesVersion = 2,
): Phase[] {
  const phases: { after: PlanStep[]; introductions: PlanStep[] }[] = [];
  let after: PlanStep[] = [];
  for (const [index, step] of plan.steps.entries()) {
    const previous = plan.steps[index - 1];
    if (step.action === "retire") {
      const isDeployment =
        rulesVersion > 1 &&
        kindOf(step.component) === "service" &&
        previous?.action === "introduce" &&
        previous.component === step.component;
      if (!isDeployment) after.push(step);
      continue;
    }
    const current = phases.at(-1);
    const stagesMore = current?.introductions.some(({ staged }) => staged) === (step.staged ?? false);
    const opens =
      rulesVersion > 1 &&
      current?.introductions.some((earlier) => isOpenedBy(step, earlier)) &&
      !isStaged(plan, step);
    if (!current || after.length > 0 || !stagesMore || opens) phases.push({ after, introductions: [step] });
    else current.introductions.push(step);
    after = [];
  }
  return phases.map((phase, index) => ({
    ...phase,
    afterStaging: phases[index - 1]?.introductions.filter(({ staged }) => staged) ?? [],
    waves: wavesOf(phase.introductions, stages, kindOf),
  }));
}

/** Whether devices may take a step only with a version that another step brings. */
function isOpenedBy({ guard }: PlanStep, { component, replaces, version }: PlanStep): boolean {
  const range = guard?.[component];
  if (range === undefined || !satisfies(version, range)) return false;
  return replaces.every((replaced) => !satisfies(replaced, range));
}

/** In lockstep an app does not fit what devices run, so their firmware follows it at once. */
function isStaged({ steps }: Plan, { component, version }: PlanStep): boolean {
  return steps.some((step) => step.staged && step.component === component && step.version === version);
}

function wavesOf(
  introductions: readonly PlanStep[],
  stages: readonly Stage[],
  kindOf: (component: string) => string,
): ScheduledWave[] {
  const kinds = new Set(introductions.map((step) => kindOf(step.component)));
  const waves: ScheduledWave[] = [];
  let appsPercent = 0;
  for (const [stageIndex, stage] of stages.entries()) {
    for (const [waveIndex, wave] of stage.waves.entries()) {
      const movesApps = kinds.has("app") && wave.appsPercent > appsPercent;
      const isFirst = waves.length === 0;
      appsPercent = Math.max(appsPercent, wave.appsPercent);
      if (!kinds.has("firmware") && !movesApps && !isFirst) continue;
      waves.push({ stageIndex, waveIndex, name: waveName(stage, waveIndex) });
    }
  }
  return waves;
}

function waveName(stage: Stage, waveIndex: number): string {
  const devices = stage.waves[waveIndex]?.devices;
  return stage.waves.length > 1 && devices?.kind === "percent"
    ? `${stage.name} ${devices.percent}%`
    : stage.name;
}
