import type { Device } from "../../fleet/fleet-backend.ts";
import type { Gate, Stage } from "../../manifest/release.ts";
import { inCohort } from "./cohort.ts";
import { devicesNeededToPass } from "./sequential-test.ts";

export interface StageWarning {
  readonly stage: string;
  readonly gate: string;
  readonly devicesAvailable: number;
  readonly devicesNeeded: number;
  readonly message: string;
}

/**
 * Stages that can never end: a gate needs more good devices than all waves up to there hold. Said
 * before anything moves, since an inconclusive gate holds for ever.
 */
export function warnAboutStages(
  stages: readonly Stage[],
  gates: Readonly<Record<string, Gate>>,
  devices: readonly Device[],
  salt: string,
): StageWarning[] {
  const warnings: StageWarning[] = [];
  const reached = new Set<string>();
  for (const stage of stages) {
    for (const { devices: selection } of stage.waves) {
      const chosen =
        selection.kind === "percent"
          ? devices.filter(({ id }) => inCohort(id, salt, selection.percent))
          : devices
              .filter(({ labels }) => labels[selection.label] === selection.value)
              .slice(0, selection.max ?? devices.length);
      for (const { id } of chosen) reached.add(id);
    }
    for (const name of stage.gates) {
      const gate = gates[name];
      if (!gate) continue;
      const devicesNeeded = devicesNeededToPass(gate.limitPercent / 100, gate.alpha);
      if (reached.size >= devicesNeeded) continue;
      warnings.push({
        stage: stage.name,
        gate: name,
        devicesAvailable: reached.size,
        devicesNeeded,
        message:
          `stage ${stage.name} can never pass gate ${name}: it holds ${reached.size} devices, and ` +
          `${gate.limitPercent}% needs at least ${devicesNeeded} good ones`,
      });
    }
  }
  return warnings;
}
