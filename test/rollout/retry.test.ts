import { describe, expect, it } from "vitest";
import { judgeGates } from "../../src/rollout/engine/gates.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import {
  device,
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  outcome,
  planOf,
  progress,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

const everybody = stage("fleet", { waves: [wave({ kind: "percent", percent: 100 }, 100)], bakeMs: 0 });
const config = fanConfig({ stages: [everybody], plan: planOf("introduce fan 2.0.0"), onFailure: "hold" });
const begun = settle(started(config), 0);
const failed = run(begun, 1, observed({ progress: fleetOf("fan", 1, { status: "failed", reason: "full" }) }));
const retried = { type: "retried", by: "ann", reason: "made room" } as const;
const seen = device("fan-0", { lastContactAtMs: hourMs });

function look(state: RolloutState, outcomes: Parameters<typeof survey>[1]["outcomes"] = {}, what = seen) {
  const snapshot = { devices: [what], outcomes, installed: {} };
  return survey(state, snapshot, relationOf(config), hourMs);
}

describe("a device that failed", () => {
  it("is not given the same step again by itself", () => {
    expect(look(failed).admissible).toEqual([]);
  });

  it("is given it again under another name when somebody says so, once each time", () => {
    const asked = run(failed, 2, retried);
    expect(look(asked).admissible).toMatchObject([{ deviceId: "fan-0", version: "2.0.0", retry: 1 }]);
    const given = run(asked, 3, look(asked));
    expect(given.pending).toMatchObject([{ kind: "assign", assignmentId: "fan-1:fan@2.0.0:retry-1" }]);
    expect(run(given, 3, look(given))).toMatchObject({ pending: given.pending });
    const again = settle(given, 3);
    const id = "fan-1:fan@2.0.0:retry-1";
    const twice = run(again, 4, look(again, { [id]: [outcome("fan-0", { state: "failed" })] }));
    expect(twice.devices["fan-0"]).toMatchObject({
      status: "failed",
      retry: 1,
      earlier: { status: "failed" },
    });
    expect(look(twice).admissible).toEqual([]);
    expect(look(run(twice, 5, retried)).admissible).toMatchObject([{ retry: 2 }]);
  });

  it("counts with what it did the first time, however often it is tried", () => {
    const ok = progress({ retry: 1, earlier: progress({ status: "failed", reason: "full" }) });
    const state = run(failed, 2, observed({ progress: { "fan-0": ok } }));
    expect(judgeGates(state, tallyOf(state))).toMatchObject([{ devices: 1, failures: 1 }]);
  });

  it("is not touched where it runs the new version all the same", () => {
    const modest = { ...seen, reportedVersion: "2.0.0" };
    expect(look(run(failed, 2, retried), {}, modest).admissible).toEqual([]);
  });

  it("is the only one: others are not, nor anybody once the rollout has ended", () => {
    const good = run(begun, 1, observed({ progress: fleetOf("fan", 1) }));
    expect(run(good, 2, retried)).toBe(good);
    const ended = run(failed, 2, { type: "aborted", by: "ann", reason: "" });
    expect(run(ended, 3, retried)).toBe(ended);
    expect(run(failed, 2, { ...retried, deviceIds: ["other", "__proto__"] })).toBe(failed);
  });

  it("is told to leave it when the rollout is aborted", () => {
    const asked = run(failed, 2, retried);
    const given = settle(run(asked, 3, look(asked)), 3);
    const ended = run(given, 4, { type: "aborted", by: "ann", reason: "" });
    expect(ended.pending).toContainEqual(
      expect.objectContaining({ assignmentId: "fan-1:fan@2.0.0:retry-1" }),
    );
  });
});
