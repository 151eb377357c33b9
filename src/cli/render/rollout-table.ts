import type { ErrorCode } from "../../base/error-codes.ts";
import { formatInstant } from "../../base/format-instant.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { table } from "../table.ts";

type ReadableRow = Pick<
  RolloutView,
  "rolloutId" | "release" | "status" | "wave" | "devices" | "out" | "startedAtMs" | "endedAtMs"
>;

/** A rollout whose journal cannot be read, and why. */
export interface UnreadableRow {
  readonly rolloutId: string;
  readonly status: "unreadable";
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

export type RolloutRow = ReadableRow | UnreadableRow;

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
    rows.map((row) => ("error" in row ? unreadableCells(row) : cells(row))),
    { whenEmpty: "No rollout has been started yet. Start one: iotctl release" },
  );
}

function cells(row: ReadableRow): string[] {
  const { devices, endedAtMs, out, rolloutId, startedAtMs, status, wave } = row;
  return [
    rolloutId,
    status.replaceAll("-", " "),
    wave === "" ? "-" : wave,
    String(devices.updated),
    String(Object.values(out).reduce((sum, each) => sum + each.devices, 0)),
    String(devices.failed),
    formatInstant(startedAtMs),
    endedAtMs === null ? "-" : formatInstant(endedAtMs),
  ];
}

function unreadableCells({ rolloutId, status }: UnreadableRow): string[] {
  return [rolloutId, status, "-", "-", "-", "-", "-", "-"];
}
