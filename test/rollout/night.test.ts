import { describe, expect, it } from "vitest";
import { nextEffect } from "../../src/rollout/engine/decide.ts";
import { judgeGates } from "../../src/rollout/engine/gates.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import {
  confirm,
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planOf,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

const plan = planOf("introduce fan 2.0.0");
const half = wave({ kind: "percent", percent: 50 }, 50);
const all = wave({ kind: "percent", percent: 100 }, 100);
const good = observed({ progress: fleetOf("fan", 30) });
const by = { by: "ann", reason: "" };

describe("a wave", () => {
  const config = fanConfig({ plan, stages: [stage("fleet", { waves: [half, all], bakeMs: 4 * hourMs })] });
  const begun = started(config);

  it.each([
    ["paused", [{ type: "paused", ...by }, observed(), { type: "resumed", ...by }] as const],
    ["left alone", [] as const],
  ])("that was %s before its devices had their turn has not baked meanwhile", (_, events) => {
    const later = run(begun, 14 * hourMs, ...events, good);
    expect(later).toMatchObject({ waveIndex: 0, waveEntered: true, waveStartedAtMs: 14 * hourMs });
    expect(run(later, 18 * hourMs - 1, observed())).toMatchObject({ waveIndex: 0 });
    expect(run(later, 18 * hourMs, observed())).toMatchObject({ waveIndex: 1 });
  });

  it("does not begin for its devices while a service that they need is being deployed", () => {
    const plans = planOf("introduce cloud 5.2.0", "introduce fan 2.0.0");
    const deploying = run(started({ ...config, plan: plans }), 1, observed());
    expect(deploying.waveSurveyed).toBe(false);
    expect(run(confirm(deploying, 2), 3, observed()).waveSurveyed).toBe(true);
  });
});

describe("a gate", () => {
  it("judges devices that came after the plan was made for none", () => {
    const empty = { ...plan, field: {} };
    const config = fanConfig({ plan: empty, stages: [stage("fleet", { waves: [all] })], onFailure: "hold" });
    const nobody = settle(started(config), 0);
    expect(judgeGates(nobody, tallyOf(nobody))).toMatchObject([{ verdict: "not-applicable" }]);
    const bad = observed({ progress: fleetOf("fan", 40, { status: "failed" }) });
    expect(run(nobody, 1, bad)).toMatchObject({ status: "failed", failure: { gate: "updated" } });
  });
});

describe("what stops something", () => {
  const config = fanConfig({
    plan: planOf("introduce app 4.2.0"),
    stages: [stage("fleet", { waves: [all] })],
  });
  const aborted = run(settle(started(config), 0), 1, { type: "aborted", ...by });
  const [halt] = aborted.pending;
  const refusal = { type: "effect-failed", key: halt!.key, code: "IOT_X", message: "in review" } as const;

  it("and was refused stays to be done, is said, and is written down once", () => {
    expect(halt).toMatchObject({ kind: "halt-app" });
    const refused = run(aborted, 2, refusal);
    expect(refused).toMatchObject({ pending: [halt], refused: { [halt!.key]: "in review" } });
    expect(run(refused, 3, refusal)).toBe(refused);
    expect(nextEffect(refused, 3)).toBe(halt);
    expect(nextEffect(refused, 3, new Set([halt!.key]))).toBeUndefined();
    const done = run(refused, 4, { type: "effect-done", key: halt!.key });
    expect(done).toMatchObject({ pending: [], refused: {} });
  });

  it("does not keep a way back open", () => {
    const back = confirmBack();
    expect(run(back, 5, observed())).toMatchObject({ status: "rolled-back" });
  });

  function confirmBack() {
    const asked = run(settle(started(config), 0), 1, { type: "rollback-requested", ...by });
    const refused = run(asked, 2, { ...refusal, key: asked.pending[0]!.key });
    const plans = refused.pending.find(({ kind }) => kind === "plan-way-back")!;
    return run(refused, 3, { type: "effect-done", key: plans.key, wayBack: { open: {}, closed: [] } });
  }
});

describe("an abort", () => {
  it("ends a way back where it is, and takes back what has not begun to go", () => {
    const config = fanConfig({ plan, stages: [stage("fleet", { waves: [all] })] });
    const updated = run(settle(started(config), 0), 1, observed({ progress: fleetOf("fan", 2) }));
    const asked = settle(run(updated, 2, { type: "rollback-requested", ...by }), 2);
    const returnable = [{ deviceId: "fan-0", component: "fan", to: "1.9.4" }];
    const going = run(asked, 3, observed({ returnable }));
    expect(going.pending).toMatchObject([{ kind: "assign", rollback: true }]);
    const stopped = run(going, 4, { type: "aborted", ...by });
    expect(stopped).toMatchObject({ status: "aborted", endedAtMs: 4 });
    expect(stopped.pending).toMatchObject([{ kind: "cancel", assignmentId: "fan-1:fan@1.9.4:back" }]);
  });
});

it("nothing that begins something is done while the window of its stage is shut", () => {
  const morning = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, untilMinute: 60, zone: "UTC" };
  const stages = [stage("fleet", { waves: [all], windows: [morning] })];
  const begun = started(fanConfig({ plan: planOf("introduce cloud 5.2.0", "introduce fan 2.0.0"), stages }));
  expect(nextEffect(begun, 0)).toMatchObject({ kind: "deploy-service" });
  expect(nextEffect(begun, 2 * hourMs)).toBeUndefined();
  const aborted = run(settle(begun, 0), 2 * hourMs, observed({ progress: fleetOf("a", 1) }), {
    type: "aborted",
    ...by,
  });
  expect(nextEffect(aborted, 2 * hourMs)).toMatchObject({ kind: "cancel" });
});
