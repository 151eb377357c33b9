import { describe, expect, it } from "vitest";
import type { Relation } from "../../src/compat/relation.ts";
import { TooLargeError } from "../../src/planner/too-large-error.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { planWayBack } from "../../src/rollout/engine/plan-way-back.ts";
import type { Population, RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { fanConfig, fleetOf, planOf, progress, started, version } from "../support/fan-rollout.ts";

const arbitrary = fanConfig({ pairing: "arbitrary" });
const { resolved } = arbitrary;
const field: Population = {
  devices: 10,
  versions: { fan: { "1.8.0": 3, "1.9.4": 3, "2.0.0": 4 }, app: { "4.1.0": 8, "4.2.0": 2 } },
};

/** In the phase of the app, which is shown to a tenth, when four devices have been updated. */
function shown(config: RolloutConfig, more: Partial<RolloutState> = {}): RolloutState {
  const devices = { ...fleetOf("old", 2, { from: "1.8.0" }), ...fleetOf("new", 2) };
  return {
    ...started(config),
    phaseIndex: 1,
    waveEntered: true,
    pending: [],
    deployed: { cloud: "5.2.0" },
    exposed: { "app@4.2.0": 10 },
    devices,
    population: field,
    ...more,
  };
}

const plan = (state: RolloutState, relation: Relation = relationOf(state.config)) =>
  planWayBack(state, relation);

/** The rollout of the fan with other facts about some firmware version. */
function withFan(pins: Record<string, Parameters<typeof version>[2]>): RolloutConfig {
  const fan = (of: string) => version("firmware", of, pins[of]);
  return {
    ...arbitrary,
    resolved: {
      ...resolved,
      components: { ...resolved.components, fan: { ...resolved.components["fan"]!, ...pins["2.0.0"] } },
      known: { ...resolved.known, fan: { "1.8.0": fan("1.8.0"), "1.9.4": fan("1.9.4") } },
    },
  };
}

describe("the way back", () => {
  it("leads nowhere, and is open, while nobody was moved", () => {
    const nobody = { open: { fan: ["1.8.0", "1.9.4"] }, closed: [] };
    expect(plan(started(arbitrary))).toEqual(nobody);
    const staged = fleetOf("staged", 2, { staged: true, from: "1.8.0" });
    expect(plan({ ...started(arbitrary), devices: staged })).toEqual(nobody);
  });

  it("is closed, in words, where any phone may have an app that does not fit", () => {
    expect(plan(shown(arbitrary))).toEqual({
      open: { fan: ["1.9.4"] },
      closed: [
        {
          component: "fan",
          version: "1.8.0",
          pairs: [
            {
              a: "fan@1.8.0",
              b: "app@4.2.0",
              verdict: "incompatible",
              evidence: "app@4.2.0 requires fan >=1.9.0, which does not hold",
            },
          ],
          why: "app@4.2.0 is in use and does not fit fan@1.8.0",
          instead: [
            "Roll forward: release fan 2.0.1 that mends 2.0.0",
            "Release app 4.2.1 that accepts fan 1.8.0 as well as 2.0.0",
            "Stop here and leave all as it is: iotctl rollout abort fan-1 --env test",
          ],
        },
      ],
    });
  });

  it("is closed by an app that is shown, though nobody is seen to have it", () => {
    const unseen = { ...field, versions: { ...field.versions, app: { "4.1.0": 8 } } };
    for (const population of [unseen, null]) {
      expect(plan(shown(arbitrary, { population })).open).toEqual({ fan: ["1.9.4"] });
    }
    expect(plan(shown(arbitrary, { population: unseen, exposed: {} })).closed).toEqual([]);
  });

  it("is open where the gate of each device knows its phones, and stores stop offering what does not fit", () => {
    expect(plan(shown(fanConfig()))).toEqual({ open: { fan: ["1.9.4", "1.8.0"] }, closed: [] });
  });

  it("is closed where no phone is left that fits", () => {
    const population = { ...field, versions: { ...field.versions, app: { "4.2.0": 10 } } };
    expect(plan(shown(fanConfig(), { population })).closed).toMatchObject([{ version: "1.8.0" }]);
  });

  it("is closed where phones may still come to an app that does not fit", () => {
    const beta = version("app", "4.3.0-beta", { requires: { fan: ">=1.9.0" } });
    const known = { ...resolved.known, app: { ...resolved.known["app"], "4.3.0-beta": beta } };
    const steps = arbitrary.plan;
    const app = [...steps.field["app"]!, "4.3.0-beta"];
    const config = fanConfig({
      plan: { ...steps, field: { ...steps.field, app } },
      resolved: { ...resolved, known },
    });
    const versions = { ...field.versions, app: { "4.1.0": 8, "4.3.0-beta": 1 } };
    const { closed } = plan(shown(config, { population: { ...field, versions } }));
    expect(closed).toMatchObject([{ version: "1.8.0", pairs: [{ b: "app@4.3.0-beta" }] }]);
  });

  it("is not closed by an app that some device makes up, where each is asked for its own", () => {
    const versions = { ...field.versions, app: { "4.1.0": 8, "99.0.0": 1 } };
    expect(plan(shown(fanConfig(), { population: { ...field, versions } })).closed).toEqual([]);
  });

  it("is closed where the stores go on offering the app, since what it replaced is gone", () => {
    const steps = planOf("introduce app 4.2.0", "retire app 4.1.0", "introduce fan 2.0.0");
    const state = shown(fanConfig({ plan: steps }));
    expect(plan(state).closed).toMatchObject([{ version: "1.8.0", pairs: [{ b: "app@4.2.0" }] }]);
  });

  it("is closed by a service, which stays", () => {
    const cloud = version("service", "5.2.0", { requires: { fan: ">=1.9.0" } });
    const config = fanConfig({ resolved: { ...resolved, components: { ...resolved.components, cloud } } });
    expect(plan(shown(config)).closed).toMatchObject([
      { version: "1.8.0", why: "cloud@5.2.0 is in use and does not fit fan@1.8.0" },
    ]);
  });

  it("says for whom to wait, where phones move on", () => {
    const versions = { ...field.versions, app: { "4.0.0": 1, "4.1.0": 8 } };
    const config = withFan({ "1.8.0": { requires: { app: ">=4.1.0" } } });
    const { closed } = plan(shown(config, { exposed: {}, population: { ...field, versions } }));
    expect(closed[0]?.instead).toContain("Wait until who uses app 4.0.0 has moved to 4.1.0, and ask again");
  });

  it("is closed for all who would have to lower a security counter, and for no one else", () => {
    const raised = withFan({ "2.0.0": { securityCounter: 3 }, "1.9.4": { securityCounter: 3 } });
    const { closed, open } = plan(shown({ ...raised, pairing: "observed" }));
    expect(open).toEqual({ fan: ["1.9.4"] });
    expect(closed).toMatchObject([
      {
        version: "1.8.0",
        pairs: [],
        why: "fan 1.8.0 has security counter 0, and devices run 2.0.0 with 3",
        instead: [
          "Roll forward: release fan 2.0.1 with security-counter 3 that mends 2.0.0",
          "Stop here and leave all as it is: iotctl rollout abort fan-1 --env test",
        ],
      },
    ]);
    const hop = fleetOf("hop", 1, { from: "1.8.0", version: "1.9.0" });
    const mixed = shown({ ...raised, pairing: "observed" });
    expect(plan({ ...mixed, devices: { ...mixed.devices, ...hop } }).closed).toEqual([]);
  });

  it("leads to what ran before the last step, and before a step that is still to begin", () => {
    const earlier = progress({ from: "1.8.0", version: "1.9.4" });
    const state = shown(fanConfig());
    expect(plan({ ...state, devices: { a: progress({ earlier }) } }).open).toEqual({ fan: ["1.9.4"] });
    const assigned = { a: progress({ status: "assigned", earlier }) };
    expect(plan({ ...state, devices: assigned }).open).toEqual({ fan: ["1.9.4", "1.8.0"] });
  });

  it("is closed where there is no image, or nobody knows what ran before", () => {
    const config = withFan({ "1.8.0": { artifacts: [] } });
    const devices = { ...fleetOf("old", 1, { from: "1.8.0" }), ...fleetOf("mute", 1, { from: "" }) };
    expect(plan(shown({ ...config, pairing: "observed" }, { devices })).closed.map(({ why }) => why)).toEqual(
      ["the rollout has no image of fan 1.8.0", "nobody knows what ran before fan 2.0.0"],
    );
  });

  it("does not write down everything that devices may make up", () => {
    const devices = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`liar-${at}`, progress({ from: `1.0.${at}` })]),
    );
    const { closed, open } = plan(shown(fanConfig(), { devices: { ...devices, honest: progress() } }));
    expect(open).toEqual({ fan: ["1.9.4"] });
    expect(closed).toHaveLength(20);
  });

  it("minds no pair that lives together already, and no device that says nonsense", () => {
    const lamp = version("firmware", "1.0.0", { requires: { app: ">=5.0.0" } });
    const config = fanConfig({
      resolved: { ...resolved, components: { ...resolved.components, lamp } },
    });
    const versions = { ...field.versions, lamp: { "1.0.0": 900, nonsense: 1 } };
    expect(plan(shown(config, { population: { ...field, versions } })).closed).toEqual([]);
  });

  it("opens one firmware beside another only where the two may meet", () => {
    const base = (of: string, fan: string) =>
      version("firmware", of, { requires: { fan }, artifacts: [{ ...image, hardware: "base" }] });
    const config = fanConfig({
      plan: planOf("introduce fan 2.0.0", "introduce base 2.0.0"),
      resolved: {
        ...resolved,
        components: { ...resolved.components, base: base("2.0.0", ">=1.8.0") },
        known: { ...resolved.known, base: { "1.0.0": base("1.0.0", "1.9.4") } },
      },
    });
    const moved = { ...fleetOf("fan", 1), base: progress({ component: "base", from: "1.0.0" }) };
    const here = (fan: Record<string, number>): Population => ({
      devices: 2,
      versions: { fan, base: { "2.0.0": 1 } },
    });
    const state = shown(config, { devices: moved, exposed: {} });
    // While any fan may run 2.0.0, the old base would meet it.
    const { closed, open } = plan({ ...state, population: here({ "2.0.0": 1 }) });
    expect(open).toEqual({ fan: ["1.9.4"] });
    expect(closed).toMatchObject([{ component: "base", pairs: [{ b: "fan@2.0.0" }] }]);
  });

  it("is closed where the planner cannot say", () => {
    const relation = relationOf(arbitrary);
    const state = shown(arbitrary, { exposed: {}, population: null });
    const tired: Relation = {
      ...relation,
      components() {
        throw new TooLargeError();
      },
    };
    expect(plan(state, tired).closed).toMatchObject([
      { version: "1.9.4", pairs: [], why: /couples more versions/ },
      { version: "1.8.0", pairs: [] },
    ]);
  });
});

const image = { filename: "base.bin", digest: "sha256:base", sizeBytes: 1 };
