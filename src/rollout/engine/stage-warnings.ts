import type { Device } from "../../fleet/fleet-backend.ts";
import type { DeviceSelection, Gate, Stage } from "../../manifest/release.ts";
import { inCohort } from "./cohort.ts";
import { devicesNeededToPass } from "./sequential-test.ts";

export interface StageWarning {
  readonly stage: string;
  readonly gate: string;
  readonly component: string;
  readonly devicesAvailable: number;
  readonly devicesNeeded: number;
  readonly message: string;
}

/**
 * Stages that can never end: a gate needs more good devices of one firmware component than all waves
 * up to there hold. Said before anything moves, since an inconclusive gate holds for ever.
 *
 * @param devices of one component that the release moves
 * @param followsApp whether each of them moves only when its app has, as in lockstep
 */
export function warnAboutStages(
  component: string,
  devices: readonly Device[],
  { gates, stages }: { readonly stages: readonly Stage[]; readonly gates: Readonly<Record<string, Gate>> },
  salt: string,
  followsApp = false,
): StageWarning[] {
  const warnings: StageWarning[] = [];
  const reached = new Set<string>();
  let appsPercent = 0;
  for (const stage of stages) {
    for (const wave of stage.waves) for (const { id } of select(wave.devices, devices, salt)) reached.add(id);
    appsPercent = Math.max(appsPercent, ...stage.waves.map((wave) => wave.appsPercent));
    const following = Math.floor((devices.length * appsPercent) / 100);
    const waitsForApp = followsApp && following < reached.size;
    for (const name of stage.gates) {
      const gate = gates[name];
      // What is a dry run holds nobody up, and what queries count is not devices.
      if (!gate || gate.dryRun || gate.measure === "count" || gate.measure === "metric") continue;
      const devicesAvailable = waitsForApp ? following : reached.size;
      const devicesNeeded = devicesNeededToPass(gate.limitPercent / 100, gate.alpha);
      if (devicesAvailable >= devicesNeeded) continue;
      const message =
        `stage ${stage.name} can ${waitsForApp ? "hardly" : "never"} pass gate ${name}: ` +
        (waitsForApp
          ? `${component} follows its app, which ${appsPercent}% of users are shown, about ${devicesAvailable} devices, `
          : `it holds ${devicesAvailable} devices with ${component}, `) +
        `and ${gate.limitPercent}% needs at least ${devicesNeeded} good ones`;
      warnings.push({ stage: stage.name, gate: name, component, devicesAvailable, devicesNeeded, message });
    }
  }
  return warnings;
}

function select(selection: DeviceSelection, devices: readonly Device[], salt: string): readonly Device[] {
  if (selection.kind === "percent") return devices.filter(({ id }) => inCohort(id, salt, selection.percent));
  return devices
    .filter(({ labels }) => labels[selection.label] === selection.value)
    .slice(0, selection.max ?? devices.length);
}
