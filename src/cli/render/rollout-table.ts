import { formatInstant } from "../../base/format-instant.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { table } from "../table.ts";

export type RolloutRow = Pick<
  RolloutView,
  "rolloutId" | "release" | "status" | "wave" | "devices" | "out" | "startedAtMs" | "endedAtMs"
>;

/** Rollouts, one a line: how they stand, in which stage, and how many devices are where. */
export function rolloutTable(rows: readonly RolloutRow[]): string {
  const columns = [
    { title: "ROLLOUT", shrinkTo: 16 },
    { title: "STATUS" },
    { title: "STAGE", shrinkTo: 8 },
    { title: "UPDATED", align: "right" as const },
    { title: "OUT", align: "right" as const },
    { title: "FAILED", align: "right" as const },
    { title: "STARTED" },
    { title: "ENDED" },
  ];
  return table(
    columns,
    rows.map(({ devices, endedAtMs, out, rolloutId, startedAtMs, status, wave }) => [
      rolloutId,
      status,
      wave === "" ? "-" : wave,
      String(devices.updated),
      String(Object.values(out).reduce((sum, each) => sum + each.devices, 0)),
      String(devices.failed),
      formatInstant(startedAtMs),
      endedAtMs === null ? "-" : formatInstant(endedAtMs),
    ]),
    { whenEmpty: "No rollout has been started yet. Start one: iotctl release" },
  );
}
