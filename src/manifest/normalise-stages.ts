import { parseDuration } from "../base/durations.ts";
import { parsePercent } from "../base/percentages.ts";
import { defaultStageGates } from "./gate-defaults.ts";
import type { DeviceSelection, Stage, Wave } from "./release.ts";
import type { StageInput } from "./release-schema.ts";
import { parseTimeWindow } from "./time-window.ts";

/**
 * Stages with their waves: as many as the longer of the two lists has, where the shorter one repeats
 * its last entry. What a stage leaves out stays as the stage before it left it, at first nobody.
 */
export function normaliseStages(stages: readonly StageInput[]): Stage[] {
  let last: Wave = { devices: { kind: "percent", percent: 0 }, appsPercent: 0 };
  return stages.map((stage) => {
    const waves = wavesOf(stage, last);
    last = waves.at(-1)!;
    return {
      name: stage.name,
      waves,
      bakeMs: stage.bake ? parseDuration(stage.bake)! : 0,
      gates: stage.gates ?? defaultStageGates,
      approvalsRequired: stage.approve ?? 0,
      ...(stage.window && { windows: listOf(stage.window).map((text) => parseTimeWindow(text)!) }),
    };
  });
}

function wavesOf(stage: StageInput, last: Wave): Wave[] {
  const devices = stage.devices === undefined ? [last.devices] : listOf(stage.devices).map(selection);
  const apps =
    stage.apps === undefined ? [last.appsPercent] : listOf(stage.apps).map((text) => parsePercent(text)!);
  return Array.from({ length: Math.max(devices.length, apps.length) }, (_, index) => ({
    devices: devices[index] ?? devices.at(-1)!,
    appsPercent: apps[index] ?? apps.at(-1)!,
  }));
}

function selection(devices: string | { label: string; max?: number | undefined }): DeviceSelection {
  if (typeof devices === "string") return { kind: "percent", percent: parsePercent(devices)! };
  const [label, value] = devices.label.split("=") as [string, string];
  return { kind: "label", label, value, max: devices.max ?? null };
}

function listOf<Item extends string | object>(items: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(items) ? items : [items as Item];
}
