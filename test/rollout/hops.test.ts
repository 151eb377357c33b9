import { describe, expect, it } from "vitest";
import { contextsMax, type Device, type DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import { decide } from "../../src/rollout/engine/decide.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import type { Observed, RolloutEvent } from "../../src/rollout/engine/events.ts";
import { judgeGates } from "../../src/rollout/engine/gates.ts";
import { contextOf, relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import { assignmentsOf } from "../../src/rollout/engine/track-progress.ts";
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
  version,
  wave,
} from "../support/fan-rollout.ts";

const nowMs = 10 * hourMs;
const everybody = [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] })];
const image = (models: readonly string[], of: string): { artifacts: ReturnType<typeof artifact>[] } => ({
  artifacts: models.map((hardware) => artifact(hardware, of)),
});
const artifact = (hardware: string, of: string) => ({
  filename: `${of}.bin`,
  digest: `sha256:${of}`,
  sizeBytes: 1,
  hardware,
});

/** 1.8.0 takes the target only by way of 1.9.4, which another release brought; a0 ends there. */
const config: RolloutConfig = fanConfig({
  stages: everybody,
  plan: planOf("introduce fan 1.9.4", "introduce fan 2.0.0"),
  resolved: {
    ...fanConfig().resolved,
    components: {
      ...fanConfig().resolved.components,
      fan: version("firmware", "2.0.0", { ...image(["a1"], "2.0.0"), installsOver: ">=1.9.0" }),
    },
    known: { fan: { "1.8.0": version("firmware", "1.8.0", image(["a1", "a0"], "1.8.0")) } },
  },
  hops: {
    fan: {
      "1.9.4": {
        resolved: version("firmware", "1.9.4", image(["a1", "a0"], "1.9.4")),
        attestationDigest: "sha256:before",
      },
    },
  },
});
const begun = settle(started(config), 0);

function look(
  state: RolloutState,
  devices: readonly Device[],
  outcomes: Readonly<Record<string, readonly DeviceOutcome[]>> = {},
): Observed {
  return survey(state, { devices, outcomes, installed: {} }, relationOf(state.config), nowMs);
}

const on = (reportedVersion: string, more: Partial<Device> = {}): Partial<Device> => ({
  reportedVersion,
  lastContactAtMs: nowMs,
  ...more,
});
const hop = progress({ version: "1.9.4", from: "1.8.0" });
const given = (seen: Observed): string[] =>
  seen.admissible.map(({ deviceId, version: to }) => `${deviceId} ${to}`);

describe("with a hop, a device", () => {
  it("gets the furthest step that takes it on, and only what leads to the target", () => {
    const seen = look(begun, [
      device("old", on("1.8.0")),
      device("newer", on("1.9.4")),
      device("done", on("2.0.0")),
      device("stuck", on("1.8.0", { hardware: "a0" })),
    ]);
    expect(given(seen)).toEqual(["newer 2.0.0", "old 1.9.4"]);
    expect(seen.waits).toBeUndefined();
    expect(seen.population?.versions["fan"]).toEqual({ "1.8.0": 2, "1.9.4": 1, "2.0.0": 1 });
  });

  it("goes on once it was heard of on the hop, and never back", () => {
    const state = (more: Partial<typeof hop>): RolloutState => ({
      ...begun,
      devices: { a: { ...hop, ...more } },
    });
    const there = [device("a", on("1.9.4"))];
    const closed = outcome("a", { state: "succeeded", closedAtMs: nowMs, reportedVersion: "1.9.4" });
    const outcomes = { "fan-1:fan@1.9.4": [closed] };
    expect(given(look(state({ heard: false }), there, outcomes))).toEqual([]);
    expect(given(look(state({}), there))).toEqual(["a 2.0.0"]);
    expect(given(look(state({ status: "failed" }), there))).toEqual([]);
    const after = run(state({}), nowMs, look(state({}), there));
    expect(after.devices["a"]).toMatchObject({ version: "2.0.0", from: "1.9.4", earlier: hop });
    expect(after.pending).toMatchObject([{ assignmentId: "fan-1:fan@2.0.0", version: "2.0.0" }]);
    const fellBack = { ...begun, devices: { a: progress({ earlier: hop }) } };
    expect(given(look(fellBack, [device("a", on("1.8.0"))]))).toEqual([]);
  });

  it("that is refused or lapses stands where it stood before", () => {
    const asked = run(
      { ...begun, devices: { a: hop } },
      1,
      observed({ admissible: [{ deviceId: "a", component: "fan", version: "2.0.0", from: "1.9.4" }] }),
    );
    const [assign] = asked.pending;
    const refused = [{ deviceId: "a", reason: "it is busy" }];
    expect(run(asked, 2, { type: "effect-done", key: assign?.key ?? "", refused }).devices).toEqual({
      a: hop,
    });
    expect(run(asked, 2, observed({ lapsed: ["a"] })).devices).toEqual({ a: hop });
    expect(assignmentsOf(asked, false)).toEqual(["fan-1:fan@2.0.0", "fan-1:fan@1.9.4"]);
  });

  it("that was not reached lapses, whoever else is given the hop that it had", () => {
    const admissible = [
      { deviceId: "a", component: "fan", version: "2.0.0", from: "1.9.4" },
      { deviceId: "b", component: "fan", version: "1.9.4", from: "1.8.0" },
    ];
    const asked = run({ ...begun, devices: { a: hop } }, 1, observed({ admissible }));
    expect(asked.pending).toHaveLength(2);
    const closed = outcome("a", { state: "succeeded", closedAtMs: 1, reportedVersion: "1.8.0" });
    const seen = look(asked, [device("a", on("1.8.0")), device("b", on("1.8.0"))], {
      "fan-1:fan@1.9.4": [closed],
    });
    expect(seen.lapsed).toEqual(["a"]);
  });

  it("that slept until its hop was retired does not wake up to it, and gets what comes after", () => {
    const plan = planOf("introduce fan 1.9.4", "retire fan 1.9.4", "introduce fan 2.0.0");
    const stages = [stage("all", { ...everybody[0]!, gates: [] })];
    const asleep = {
      ...settle(started({ ...config, plan, stages }), 0),
      devices: { a: { ...hop, status: "assigned" as const, heard: false } },
    };
    const population = { devices: 999, versions: { fan: { "1.8.0": 999 } } };
    const next = run(asleep, 2 * hourMs, observed({ population }));
    expect(next.pending).toMatchObject([{ kind: "cancel", assignmentId: "fan-1:fan@1.9.4" }]);
    const canceled = { "fan-1:fan@1.9.4": [outcome("a", { state: "canceled" })] };
    const known = run(settle(next, 3 * hourMs), nowMs, look(next, [device("a", on("1.9.4"))], canceled));
    expect(known.devices["a"]).toMatchObject({
      version: "2.0.0",
      earlier: { version: "1.9.4", reason: "taken back before it began" },
    });
  });

  describe("that was retired", () => {
    const of = fanConfig().resolved;
    const steps = ["introduce fan 1.9.4", "retire fan 1.8.0", "introduce fan 2.0.0", "retire fan 1.9.4"];
    const release: Partial<RolloutConfig> = {
      stages: [stage("all", { ...everybody[0]!, gates: [] })],
      plan: planOf(...steps, "introduce app 4.2.0"),
      resolved: {
        ...config.resolved,
        components: {
          ...config.resolved.components,
          app: version("app", "4.2.0", { requires: { fan: "1.8.0 || >=2.0.0" } }),
        },
        known: { ...config.resolved.known, app: of.known["app"]! },
      },
    };
    const population = { devices: 999, versions: { fan: { "2.0.0": 999 }, app: { "4.1.0": 10 } } };
    const hoursOn = (from: RolloutState, hours: number): RolloutState => {
      let state = from;
      for (let hour = 0; hour < hours; hour++) {
        const atMs = state.waveStartedAtMs + 2 * hourMs;
        state = settle(run(state, atMs, observed({ population })), atMs);
      }
      return state;
    };
    const inPhase = (phaseIndex: number, more: Partial<RolloutConfig> = {}): RolloutState => {
      const state = hoursOn(settle(started({ ...config, ...release, ...more }), 0), phaseIndex);
      expect(state).toMatchObject(phaseIndex === 3 ? { status: "completed" } : { phaseIndex });
      return state;
    };
    const store = { app: { "4.1.0": 9 } };
    const late = (state: RolloutState, ...devices: Device[]): Observed =>
      survey(state, { devices, outcomes: {}, installed: store }, relationOf(state.config), nowMs);
    const withNewApp = device(
      "paired",
      on("1.8.0", { pairedApps: [{ component: "app", version: "4.2.0" }] }),
    );
    const alone = device("alone", on("1.8.0"));

    it("is offered once more where it fits all apps that a device may meet", () => {
      const seen = late(inPhase(3), alone, withNewApp);
      expect(given(seen)).toEqual(["alone 1.9.4"]);
      expect(Object.keys(seen.waits ?? {})).toEqual(["paired"]);
      expect(run(inPhase(3), nowMs, seen).pending).toMatchObject([
        { kind: "assign", assignmentId: "fan-1:fan@1.9.4:again-2", deviceIds: ["alone"] },
      ]);

      const anybody = { pairing: "arbitrary" } as const;
      expect(given(late(inPhase(1, anybody), alone))).toEqual(["alone 1.9.4"]);
      // The app is not shown to anybody yet, but nothing that begins now may stand in its way.
      const begins = { ...inPhase(2, anybody), exposed: {} };
      for (const state of [begins, inPhase(3, anybody)]) {
        const refused = late(state, alone);
        expect(given(refused)).toEqual([]);
        expect(refused.waits?.["alone"]).toMatch(/^app@4.2.0 does not fit fan@1.9.4: [^;]*$/);
      }
    });

    it("asks about every app of the field where nobody can tell which live", () => {
      const wary = version("app", "4.1.0", { requires: { fan: "1.8.0 || >=2.0.0" } });
      const resolved = { ...release.resolved!, known: { ...config.resolved.known, app: { "4.1.0": wary } } };
      const plan = planOf(...steps, "introduce cloud 5.2.0");
      const state = inPhase(2, { pairing: "arbitrary", plan, resolved });
      const relation = relationOf(state.config);
      const at = (app: Record<string, number> | null): string[] =>
        given(survey(state, { devices: [alone], outcomes: {}, installed: { app } }, relation, nowMs));
      expect(at({ "4.0.0": 9 })).toEqual(["alone 1.9.4"]);
      expect(at({ "4.1.0": 9 })).toEqual([]);
      expect(at(null)).toEqual([]);
    });

    it("is there for a device that slept through it, and for none that had it", () => {
      const slept = {
        ...hop,
        status: "assigned" as const,
        heard: false,
        reason: "taken back before it began",
      };
      const at = (before: typeof hop | typeof slept, more: Partial<typeof hop> = {}): string[] =>
        given(late({ ...inPhase(3), devices: { alone: { ...before, ...more } } }, alone));
      expect(at(slept)).toEqual(["alone 1.9.4"]);
      expect(at(slept, { again: 1 })).toEqual(["alone 1.9.4"]);
      // Taken back in this very phase: its assignment cannot be given a second time.
      expect(at(slept, { again: 2 })).toEqual([]);
      expect(at(hop)).toEqual([]);
      expect(at(hop, { status: "failed" })).toEqual([]);
    });

    it("is taken back by the next phase, and where the rollout stops", () => {
      const plan = planOf(...steps, "introduce app 4.2.0", "retire app 4.1.0", "introduce cloud 5.2.0");
      const state = inPhase(2, { plan });
      const taken = settle(run(state, nowMs, late(state, alone)), nowMs);
      expect(taken.devices["alone"]).toMatchObject({ version: "1.9.4", again: 2, status: "assigned" });
      const gone = { ...population, versions: { ...population.versions, app: { "4.2.0": 9 } } };
      const next = run(taken, nowMs, observed({ population: gone }));
      expect(next.phaseIndex).toBe(3);
      const cancels = (from: RolloutState): string[] =>
        from.pending.flatMap((effect) => (effect.kind === "cancel" ? [effect.assignmentId] : []));
      expect(cancels(next)).toEqual(["fan-1:fan@1.9.4:again-2"]);
      expect(cancels(run(taken, nowMs, { type: "aborted", by: "ann", reason: "" }))).toEqual([
        "fan-1:fan@1.9.4:again-2",
      ]);
    });
  });

  it("goes back by one step", () => {
    const rolling = (devices: RolloutState["devices"]): RolloutState =>
      settle(run({ ...begun, devices }, 1, { type: "rollback-requested", by: "ann", reason: "" }), 1);
    const back = (devices: RolloutState["devices"], runs: string, more: Partial<Device> = {}): Observed =>
      look(rolling(devices), [device("a", on(runs, more))]);
    const to = (of: string): object[] => [{ deviceId: "a", component: "fan", to: of }];
    expect(back({ a: progress({ earlier: hop }) }, "2.0.0").returnable).toEqual(to("1.9.4"));
    expect(back({ a: hop }, "1.9.4").returnable).toEqual(to("1.8.0"));
    // Its next step was taken back before it began.
    const unbegun = { a: progress({ status: "assigned", earlier: hop }) };
    expect(back(unbegun, "1.9.4").returnable).toEqual(to("1.8.0"));
    const busy = back(unbegun, "1.9.4", { activeAssignmentId: "fan-1:fan@2.0.0" });
    expect(busy).toMatchObject({ returnable: [], waiting: null });
    expect(run(rolling(unbegun), 2, busy).status).toBe("rolling-back");
  });
});

describe("a hop", () => {
  it("is judged by itself: it can fail, and nobody waits for it to pass", () => {
    const verdicts = (devices: RolloutState["devices"]): string[] => {
      const state = { ...begun, devices };
      return judgeGates(state, tallyOf(state)).map((gate) => `${gate.version} ${gate.verdict}`);
    };
    const good = fleetOf("good", 20);
    expect(verdicts(good)).toEqual(["1.9.4 not-applicable", "2.0.0 pass"]);
    expect(verdicts(fleetOf("hop", 20, hop))).toEqual(["1.9.4 pass", "2.0.0 inconclusive"]);
    const bad = fleetOf("bad", 9, { ...hop, status: "failed" });
    expect(verdicts({ ...good, ...bad })).toEqual(["1.9.4 fail", "2.0.0 pass"]);
    expect(run({ ...begun, devices: { ...good, ...bad } }, 1, observed())).toMatchObject({
      status: "rolling-back",
    });
  });

  it("of an app is shown from the beginning, whatever share the version before it had", () => {
    const apps = fanConfig({
      stages: everybody,
      plan: planOf("introduce app 4.1.0", "retire app 4.0.0", "introduce app 4.2.0"),
      gates: {},
    });
    const first = started({ ...apps, stages: [stage("all", { ...everybody[0]!, gates: [] })] });
    expect(first.pending.map(({ key }) => key)).toEqual(["publish:app@4.1.0", "expose:app@4.1.0:100"]);
    const second = run(settle(first, 1), 2 * hourMs, observed());
    expect(second.pending.map(({ key }) => key)).toEqual(["publish:app@4.2.0", "expose:app@4.2.0:100"]);
    // Stores would fall back to 4.0.0, which has left the field.
    const aborted = run(settle(second, 3 * hourMs), 3 * hourMs, { type: "aborted", by: "ann", reason: "" });
    expect(aborted.pending.map(({ key }) => key)).toEqual(["halt:app@4.2.0"]);
  });

  it("of a service is met with its successor until that is there", () => {
    const { cloud, ...others } = config.resolved.components;
    const services = {
      ...config,
      plan: planOf("introduce cloud 5.1.5", "introduce cloud 5.2.0", "introduce fan 2.0.0"),
      resolved: {
        ...config.resolved,
        components: { ...others, cloud: { ...cloud!, requires: { fan: "<2.0.0" } } },
        known: { ...config.resolved.known, cloud: { "5.1.5": version("service", "5.1.5") } },
      },
    };
    let state = started(services);
    expect(state.pending.map(({ key }) => key)).toEqual(["deploy:cloud@5.1.5", "deploy:cloud@5.2.0"]);
    state = run(state, 1, { type: "effect-done", key: "deploy:cloud@5.1.5" });
    expect(state.deployed).toEqual({ cloud: "5.1.5" });
    expect(look(state, [device("a", on("1.9.4"))]).waits?.["a"]).toContain("cloud@5.2.0 does not fit");
  });
});

describe("a journal of before there were hops", () => {
  it("folds as it did", () => {
    const once = JSON.parse(
      JSON.stringify([
        observed({ admissible: [{ deviceId: "a", component: "fan", version: "", from: "1.9.4" }] }),
        observed({ progress: { a: progress() } }),
        { type: "rollback-requested", by: "ann", reason: "" },
        observed({ returning: { a: progress({ from: "2.0.0" }) } }),
      ]).replaceAll(/"version":"[^"]*",/g, ""),
    ) as RolloutEvent[];
    const states = once.map((_, index) =>
      once.slice(0, index + 1).reduce<RolloutState | null>(
        (state, event) => {
          const next = decide(state, event, nowMs).state;
          return next && settle(next, nowMs);
        },
        settle(started(fanConfig({ stages: everybody })), 0),
      ),
    );
    expect(states[0]?.devices["a"]).toMatchObject({ version: "2.0.0", status: "assigned" });
    expect(states[1]?.devices["a"]).toMatchObject({ version: "2.0.0", status: "updated" });
    expect(states[3]?.returning["a"]).toMatchObject({ version: "1.9.4" });
    expect(describeRollout(states[3]!, 0).devices.returned).toBe(1);
  });
});

describe("the statements that devices judge by", () => {
  const app = (of: string, from: string) => ({
    [of]: { resolved: version("app", of), attestationDigest: `sha256:${from}` },
  });
  const own = fanConfig().attestationDigest;

  it("are none where the release alone knows all", () => {
    expect(contextOf(fanConfig(), own)).toEqual([]);
  });

  it("begin with the release, which an older proof knows nothing of", () => {
    expect(contextOf(config, "sha256:before")).toEqual([own]);
    expect(contextOf(config, own)).toEqual([]);
  });

  it("go on with those of the apps in the field, newest first, each once, and no more than devices read", () => {
    const apps = { ...app("4.2.0", "b"), ...app("4.10.0", "c"), ...app("4.1.0", "b") };
    expect(contextOf({ ...config, hops: { app: apps } }, own)).toEqual([own, "sha256:c", "sha256:b"]);
    const many = Object.assign({}, ...Array.from({ length: 40 }, (_, n) => app(`4.${n}.0`, String(n))));
    const context = contextOf({ ...config, hops: { app: many } }, own);
    expect(context).toHaveLength(contextsMax);
    expect(context[1]).toBe("sha256:39");
  });
});
