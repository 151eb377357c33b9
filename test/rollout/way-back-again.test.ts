import { expect, it } from "vitest";
import type { Device, DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import type { Observed } from "../../src/rollout/engine/events.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import { device, fleetOf, outcome, run, settle, started } from "../support/fan-rollout.ts";

const by = { by: "ann", reason: "" };
const there = device("a-0", { reportedVersion: "2.0.0" });

function look(
  state: RolloutState,
  devices: readonly Device[],
  outcomes: Readonly<Record<string, readonly DeviceOutcome[]>> = {},
): Observed {
  return survey(state, { devices, outcomes, installed: {} }, relationOf(state.config), 3);
}

it("a way back that was stopped before a device had begun begins anew, as another assignment", () => {
  const updated = { ...settle(started(), 0), devices: fleetOf("a", 1) };
  const rolling = settle(run(updated, 1, { type: "rollback-requested", ...by }), 1);
  const sent = settle(run(rolling, 2, look(rolling, [there])), 2);
  expect(sent.returning["a-0"]).toMatchObject({ status: "assigned", version: "1.9.4" });
  const stopped = settle(run(sent, 3, { type: "aborted", ...by }), 3);
  expect(stopped.status).toBe("aborted");
  const again = settle(run(stopped, 4, { type: "rollback-requested", ...by }), 4);
  const canceled = { "fan-1:fan@1.9.4:back": [outcome("a-0", { state: "canceled" })] };
  const assigned = run(again, 5, look(again, [there], canceled));
  expect(assigned.pending).toMatchObject([
    { kind: "assign", assignmentId: "fan-1:fan@1.9.4:back:retry-1", deviceIds: ["a-0"] },
  ]);
  expect(assigned.status).toBe("rolling-back");
  const back = device("a-0", { reportedVersion: "1.9.4", lastContactAtMs: 6 });
  const done = { state: "succeeded", closedAtMs: 5, reportedVersion: "1.9.4" } as const;
  const arrived = settle(assigned, 5);
  const seen = look(arrived, [back], { "fan-1:fan@1.9.4:back:retry-1": [outcome("a-0", done)] });
  expect(run(arrived, 6, seen).status).toBe("rolled-back");
});
