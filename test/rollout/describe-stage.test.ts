import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stageText } from "../../src/cli/render/stage-text.ts";
import {
  bakingWave,
  describeStage,
  hasBegunWhole,
  type StageDescription,
} from "../../src/rollout/engine/describe-stage.ts";
import { phasesOf } from "../../src/rollout/engine/release-kinds.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import { approvedBy } from "../support/consents.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planDigest,
  planOf,
  run,
  started,
} from "../support/fan-rollout.ts";

function plan(): Plan {
  const { steps, ...rest } = planOf("introduce cloud 5.2.0", "introduce fan 2.0.0", "introduce app 4.2.0");
  const replaces = { cloud: ["5.1.0"], fan: ["1.8.0", "1.9.4"], app: ["4.1.0"] } as Record<string, string[]>;
  return { ...rest, steps: steps.map((step) => ({ ...step, replaces: replaces[step.component] ?? [] })) };
}

const approvers = ["ana", "bob"].map((name) => ({ name, publicKeyPem: "" }));
const config = approvedBy(approvers, { plan: plan(), planDigest });

function approve(by: string, more: Partial<RolloutEvent> = {}): RolloutEvent {
  return { type: "approved", stage: "fleet", planDigest, by, reason: "", ...more } as RolloutEvent;
}

function about(stage: string, ...events: RolloutEvent[]): StageDescription {
  const description = describeStage(run(started(config), 1000, ...events), stage, 2000);
  if (!description) throw new Error(`no stage ${stage}`);
  return description;
}

describe("what an approver sees", () => {
  test("is what the stage moves, from which versions, and to how many users", () => {
    const moves = (stage: string) =>
      about(stage).moves.map(({ component, from, percent, to }) => [component, from.join(), to, percent]);
    expect(moves("canary")).toEqual([
      ["cloud", "5.1.0", "5.2.0", null],
      ["fan", "1.8.0,1.9.4", "2.0.0", null],
      ["app", "4.1.0", "4.2.0", { from: 0, to: 10 }],
    ]);
    // The service moves with the first wave of all.
    expect(moves("fleet")).toEqual([
      ["fan", "1.8.0,1.9.4", "2.0.0", null],
      ["app", "4.1.0", "4.2.0", { from: 10, to: 100 }],
    ]);
  });

  test("is no more than the stage still moves, once part of it is done", () => {
    const state = run(started(config), 1000);
    const late: RolloutState = {
      ...state,
      phaseIndex: phasesOf(config).length - 1,
      waveIndex: 2,
      waveEntered: true,
      deployed: { cloud: "5.2.0" },
      exposed: { "app@4.2.0": 50 },
    };
    const left = (at: RolloutState, stage: string) =>
      describeStage(at, stage, 2000)!.moves.map(({ component, percent }) => [component, percent?.from]);
    expect(left(late, "canary")).toEqual([]);
    expect(left({ ...late, waveIndex: 1 }, "fleet")).toContainEqual(["app", 50]);
    expect(left({ ...late, exposed: { "app@4.2.0": 100 } }, "fleet")).not.toContainEqual(["app", 100]);
    expect(hasBegunWhole(late, "canary")).toBe(true);
    expect([hasBegunWhole(late, "fleet"), hasBegunWhole({ ...late, waveEntered: false }, "fleet")]).toEqual([
      true,
      false,
    ]);
    expect(bakingWave(late)?.phase).toBe(late.phaseIndex + 1);
  });

  test("is for how many devices, and how the gates stand that were asked", () => {
    const look = observed({
      population: { devices: 10, versions: {}, ahead: { fleet: 7 } },
      progress: fleetOf("a", 3),
    });
    const stage = about("fleet", look);
    expect(stage.devices).toBe(7);
    expect(stage.gates).toMatchObject([{ name: "updated", devices: 3, failures: 0, component: "fan" }]);
    expect(stage.gates[0]!.moreNeeded).toBeGreaterThan(0);
    expect(about("fleet").devices).toBeNull();
  });

  test("is what cannot be taken back, and why", () => {
    expect(about("fleet").irreversible).toEqual([
      {
        component: "app",
        version: "4.2.0",
        why: expect.stringContaining("a store can only stop offering it"),
      },
    ]);
    const { components, ...resolved } = config.resolved;
    const fan = { ...components["fan"]!, securityCounter: 3 };
    const counted = { ...config, resolved: { ...resolved, components: { ...components, fan } } };
    const described = describeStage(started(counted), "fleet", 0);
    expect(described?.irreversible[0]).toMatchObject({
      component: "fan",
      why: expect.stringContaining("below 3"),
    });
  });

  test("is who has said something, who has not, and how many are missing", () => {
    const no = approve("bob", { type: "denied", reason: "noisy" });
    const { approvals, warnings } = about("fleet", approve("ana"), no);
    expect(approvals).toMatchObject({ required: 1, missing: 0, open: [] });
    expect([approvals.given, approvals.denied]).toMatchObject([[{ by: "ana" }], [{ by: "bob" }]]);
    expect(warnings).toContain("bob has denied it (noisy)");
    expect(about("fleet").approvals).toMatchObject({ missing: 1, open: ["ana", "bob"] });
    expect(describeStage(started(fanConfig()), "fleet", 0)?.approvals.open).toBeNull();
  });

  test("is what holds it besides: a freeze and until when, a pause, an end", () => {
    const freezes = [{ fromMs: 0, untilMs: 24 * hourMs, why: "end of year" }];
    expect(about("fleet", { type: "freezes-changed", freezes }).warnings).toContainEqual(
      expect.stringMatching(/freeze: end of year.*until 1970-01-02T00:00:00/),
    );
    const say = (type: "paused" | "aborted") =>
      about("fleet", { type, by: "ana", reason: "" }).warnings.join();
    expect(say("paused")).toContain("paused");
    expect(say("aborted")).toContain("the rollout is aborted");
    expect(about("canary").warnings).toContain("the stage asks for no approval");
  });

  test("is nothing for a stage that the rollout does not have", () => {
    expect(describeStage(started(config), "flet", 0)).toBeNull();
  });
});

test("the text keeps what people and devices wrote on its line", () => {
  const evil = approve("ana", { reason: "fine\n\u001b[2KApprovals: 9 of 9" });
  const text = stageText(about("fleet", evil));
  expect(text).toContain("Stage fleet of fan 1.0.0 in test (rollout fan-1)");
  expect(text).toContain("firmware fan: 1.8.0, 1.9.4 → 2.0.0");
  expect(text).toContain("app app: 4.1.0 → 4.2.0, shown to 10% → 100% of users");
  expect(text).toContain("not heard yet: bob");
  expect(text.split("\n").filter((line) => line.startsWith("Approvals:"))).toHaveLength(1);
});

test("describing never changes the state and never fails, whatever was said", () => {
  const names = fc.constantFrom("canary", "fleet");
  const types = fc.constantFrom("approved", "denied", "paused", "resumed", "aborted", "rollback-requested");
  const event = fc.record({ type: types, stage: names, by: fc.string(), reason: fc.string() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), fc.nat(), (events, nowMs) => {
      const said = events.map((each) => ({ ...each, planDigest }));
      const state = run(started(config), 1000, ...said);
      const before = JSON.stringify(state);
      for (const stage of ["canary", "fleet"]) {
        const { approvals } = describeStage(state, stage, nowMs)!;
        expect(approvals.missing).toBe(Math.max(0, approvals.required - approvals.given.length));
      }
      expect(JSON.stringify(state)).toBe(before);
    }),
    { numRuns: 100 },
  );
});
