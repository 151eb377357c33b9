import { describe, expect, it } from "vitest";
import { applyEvent } from "../../src/rollout/engine/apply-event.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutState, RolloutStatus } from "../../src/rollout/engine/state.ts";
import {
  fanConfig,
  fleetOf,
  observed,
  planDigest,
  progress,
  run,
  settle,
  started,
} from "../support/fan-rollout.ts";

const by = { by: "ann", reason: "" };
const running = settle(started(), 0);
const statuses: readonly RolloutStatus[] = [
  "running",
  "awaiting-approval",
  "paused",
  "rolling-back",
  "completed",
  "failed",
  "rolled-back",
  "aborted",
];
const inStatus = (status: RolloutStatus): RolloutState => ({
  ...running,
  status,
  devices: fleetOf("fan", 2),
});
const apply = (state: RolloutState, event: RolloutEvent): RolloutState => {
  const after = applyEvent(state, event, 5);
  if (!after) throw new Error("a state never vanishes");
  return after;
};

describe("an approval", () => {
  const approve = (more: object = {}): RolloutEvent => ({
    type: "approved",
    stage: "fleet",
    planDigest,
    ...by,
    ...more,
  });

  it("counts once per person and stage", () => {
    const once = apply(running, approve());
    expect(once.approvals).toEqual([{ stage: "fleet", by: "ann", reason: "", atMs: 5 }]);
    expect(apply(once, approve())).toBe(once);
    expect(apply(once, approve({ by: "bob" })).approvals).toHaveLength(2);
    expect(apply(once, approve({ stage: "canary" })).approvals).toHaveLength(2);
  });

  it("counts for its plan and for stages that there are", () => {
    expect(apply(running, approve({ planDigest: "sha256:other" }))).toBe(running);
    expect(apply(running, approve({ stage: "flete" }))).toBe(running);
  });

  it("counts for nothing that has ended", () => {
    for (const status of ["completed", "failed", "rolled-back", "aborted"] as const) {
      const state = inStatus(status);
      expect(apply(state, approve())).toBe(state);
    }
  });
});

describe("a person's word", () => {
  const table: Record<
    "paused" | "resumed" | "aborted" | "rollback-requested",
    Partial<Record<RolloutStatus, RolloutStatus>>
  > = {
    paused: { running: "paused", "awaiting-approval": "paused" },
    resumed: { paused: "running" },
    aborted: {
      running: "aborted",
      "awaiting-approval": "aborted",
      paused: "aborted",
      // Late deliveries stop, and so does a way back that does harm.
      completed: "aborted",
      "rolling-back": "aborted",
    },
    "rollback-requested": {
      running: "rolling-back",
      "awaiting-approval": "rolling-back",
      paused: "rolling-back",
      completed: "rolling-back",
      failed: "rolling-back",
      aborted: "rolling-back",
    },
  };

  it.each(
    Object.entries(table).flatMap(([type, moves]) =>
      statuses.map((status) => ({ type, status, to: moves[status] })),
    ),
  )("$type in $status leads to $to", ({ status, to, type }) => {
    const before = inStatus(status);
    const after = apply(before, { type: type as "paused", ...by });
    if (to === undefined) expect(after).toBe(before);
    else expect(after.status).toBe(to);
  });

  it("said twice is said once, in every state", () => {
    for (const type of ["paused", "resumed", "aborted", "rollback-requested"] as const) {
      for (const status of statuses) {
        const once = apply(inStatus(status), { type, ...by });
        expect(apply(once, { type, ...by })).toBe(once);
      }
    }
  });

  it("to abort takes back what has begun and drops what has not", () => {
    const begun: RolloutState = {
      ...inStatus("running"),
      exposed: { "app@4.2.0": 10 },
      pending: started().pending,
    };
    const after = apply(begun, { type: "aborted", ...by });
    expect(after.pending.map(({ key }) => key)).toEqual(["cancel:fan-1:fan@2.0.0", "halt:app@4.2.0"]);
    expect(after.endedAtMs).toBe(5);
    const untouched = apply(started(), { type: "aborted", ...by });
    expect(untouched).toMatchObject({ status: "aborted", pending: [] });
  });

  it("to abort counts an exposure that may have happened, and not one that cannot have", () => {
    const publish = { kind: "publish-app", key: "p", component: "app", version: "4.2.0" } as const;
    const expose = { kind: "expose-app", key: "e", component: "app", version: "4.2.0", percent: 10 } as const;
    const halted = (pending: RolloutState["pending"]): boolean =>
      apply({ ...running, pending }, { type: "aborted", ...by }).pending.some(
        ({ kind }) => kind === "halt-app",
      );
    expect(halted([expose])).toBe(true);
    expect(halted([publish, expose])).toBe(false);
  });

  it("to go back halts an exposure that a failure had dropped, once more", () => {
    const expose = { kind: "expose-app", key: "e", component: "app", version: "4.2.0", percent: 10 } as const;
    const failing: RolloutState = { ...running, pending: [expose], config: fanConfig({ onFailure: "hold" }) };
    const failed = run(failing, 1, observed({ progress: fleetOf("bad", 20, { status: "failed" }) }));
    expect(failed.status).toBe("failed");
    // To hold is to stop everything, the store's offer too.
    expect(failed.pending.map(({ kind }) => kind)).toEqual(["cancel", "halt-app"]);
    const back = apply(settle(failed, 1), { type: "rollback-requested", ...by });
    expect(back.pending.map(({ kind }) => kind)).toContain("halt-app");
  });
});

describe("an outcome", () => {
  const assigning = run(
    running,
    1,
    observed({ admissible: [{ deviceId: "a", component: "fan", version: "2.0.0", from: "1.9.4" }] }),
  );
  const [assign] = assigning.pending;

  it("frees the places of devices that were refused, and says why they wait", () => {
    const refused = [{ deviceId: "a", reason: "it is busy" }];
    const after = apply(assigning, { type: "effect-done", key: assign?.key ?? "", refused });
    expect(after).toMatchObject({ devices: {}, waiting: { a: "it is busy" }, pending: [] });
  });

  it("of nothing that is pending changes nothing", () => {
    expect(apply(assigning, { type: "effect-done", key: "other" })).toBe(assigning);
    expect(apply(assigning, { type: "effect-failed", key: "other", code: "X", message: "no" })).toBe(
      assigning,
    );
  });

  it("that is a no stops the rollout where it is, and goes back only for people", () => {
    const after = run(assigning, 1, {
      type: "effect-failed",
      key: assign?.key ?? "",
      code: "X",
      message: "no",
    });
    expect(after).toMatchObject({ status: "failed", failure: { gate: null, reason: "no" } });
  });

  it("of a way back that is refused for good keeps its devices as they are, and says so", () => {
    const key = "assign:fan-1:fan@1.9.4:back:a";
    const back: RolloutState = {
      ...inStatus("rolling-back"),
      devices: { a: progress() },
      returning: { a: progress({ status: "assigned" }) },
      pending: [
        {
          kind: "assign",
          key,
          assignmentId: "fan-1:fan@1.9.4:back",
          component: "fan",
          version: "1.9.4",
          rollback: true,
          deviceIds: ["a"],
        },
      ],
    };
    const kept = run(back, 1, { type: "effect-failed", key, code: "X", message: "no image" });
    expect(kept.returning["a"]).toMatchObject({ status: "failed", reason: "no image" });
    expect(run(kept, 2, observed()).status).toBe("rolled-back");
  });

  it("is kept apart from devices whose names every object has", () => {
    const names = ["constructor", "toString"];
    const admissible = names.map((deviceId) => ({
      deviceId,
      component: "fan",
      version: "2.0.0",
      from: "1.9.4",
    }));
    const state = run(running, 1, observed({ admissible }));
    expect(Object.keys(state.devices)).toEqual(names);
  });
});

describe("a lapsed admission", () => {
  const admissible = ["a", "b"].map((deviceId) => ({
    deviceId,
    component: "fan",
    version: "2.0.0",
    from: "1.9.4",
  }));
  const assigning = run(running, 1, observed({ admissible }));

  it("takes its device out of what is pending, and its place is free", () => {
    const after = run(assigning, 2, observed({ lapsed: ["a"] }));
    expect(Object.keys(after.devices)).toEqual(["b"]);
    expect(after.pending).toMatchObject([{ key: "assign:fan-1:fan@2.0.0:b", deviceIds: ["b"] }]);
    expect(run(after, 3, observed({ lapsed: ["b"] }))).toMatchObject({ devices: {}, pending: [] });
  });
});
