import { createRelation, type VersionFacts } from "../../../src/compat/relation.ts";
import type { Release, Stage } from "../../../src/manifest/release.ts";
import { makePlan } from "../../../src/planner/make-plan.ts";
import { evenShares, type FieldShares } from "../../../src/simulation/release/field-shares.ts";
import type { SimulationRequest } from "../../../src/simulation/release/simulate-release.ts";
import { defaultModel, type SimulationModel } from "../../../src/simulation/release/simulation-model.ts";
import { fact } from "../../support/facts.ts";

const hourMs = 3_600_000;
const models = ["fan-a1", "fan-b2"];

export interface Scenario {
  readonly facts: readonly VersionFacts[];
  readonly target: Readonly<Record<string, string>>;
  readonly field: Readonly<Record<string, readonly string[]>>;
  readonly shares?: FieldShares;
  readonly pairing?: Release["pairing"];
  readonly stages?: readonly Stage[];
  readonly limitPercent?: number;
  readonly belowPercent?: number;
}

const oldApp = { "4.0.0": { fan: ">=1.0.0 <2.0.0" }, "4.1.0": { fan: ">=1.8.0 <2.1.0" } };

/** The ceiling fan: a guard, a hop that is waited for, two apps and a service. */
export const fan: Scenario = {
  target: { "app-ios": "4.2.0", "app-android": "4.2.0", fan: "2.0.0", cloud: "5.2.0" },
  field: {
    "app-ios": ["4.0.0", "4.1.0"],
    "app-android": ["4.1.0"],
    fan: ["1.8.0", "1.9.4"],
    cloud: ["5.1.0"],
  },
  facts: [
    ...["app-ios", "app-android"].flatMap((app) => [
      ...Object.entries(oldApp).map(([version, requires]) => fact(app, version, { requires })),
      fact(app, "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
    ]),
    fact("cloud", "5.1.0", { requires: { fan: ">=1.8.0 <3.0.0" } }),
    fact("cloud", "5.2.0", { requires: { fan: ">=1.8.0" } }),
    fact("fan", "1.8.0", { hardware: models }),
    fact("fan", "1.9.4", { hardware: models, installsOver: ">=1.8.0 <1.9.4" }),
    fact("fan", "2.0.0", {
      hardware: models,
      installsOver: ">=1.8.0 <2.0.0",
      requires: { "app-ios": ">=4.1.0", "app-android": ">=4.1.0", cloud: ">=5.1.0" },
    }),
  ],
  belowPercent: 3,
};

/** Firmware that has to be installed over an intermediate version. */
export const hops: Scenario = {
  target: { "app-android": "2.0.0", fan: "3.0.0" },
  field: { "app-android": ["1.0.0"], fan: ["1.0.0", "2.0.0"] },
  facts: [
    fact("app-android", "1.0.0", { requires: { fan: ">=1.0.0" } }),
    fact("app-android", "2.0.0", { requires: { fan: ">=1.0.0" } }),
    fact("fan", "1.0.0", { hardware: models }),
    fact("fan", "2.0.0", { hardware: models, installsOver: ">=1.0.0 <2.0.0" }),
    fact("fan", "3.0.0", { hardware: models, installsOver: ">=2.0.0 <3.0.0" }),
  ],
};

/** The same with an app that does not fit the last version, so that devices wait for it at a guard. */
export const guardedHops: Scenario = {
  ...hops,
  facts: [
    fact("app-android", "1.0.0", { requires: { fan: ">=1.0.0 <3.0.0" } }),
    fact("app-android", "2.0.0", { requires: { fan: ">=1.0.0" } }),
    ...hops.facts.filter(({ kind }) => kind === "firmware"),
  ],
};

/** Two firmware components with the same version numbers, and a generation of one that gets nothing newer. */
export const twoFirmwares: Scenario = {
  target: { "app-android": "2.0.0", fan: "3.0.0", lamp: "3.0.0" },
  field: { "app-android": ["1.0.0"], fan: ["1.0.0", "2.0.0"], lamp: ["1.0.0", "2.0.0"] },
  facts: [
    fact("app-android", "1.0.0", { requires: { fan: "<3.0.0", lamp: "<3.0.0" } }),
    fact("app-android", "2.0.0", { requires: { fan: ">=1.0.0", lamp: ">=2.0.0" } }),
    fact("fan", "1.0.0", { hardware: [...models, "fan-old"] }),
    fact("fan", "2.0.0", { hardware: models }),
    fact("fan", "3.0.0", { hardware: models }),
    fact("lamp", "1.0.0", { hardware: ["lamp-a1"] }),
    fact("lamp", "2.0.0", { hardware: ["lamp-a1"], installsOver: "<2.0.0" }),
    fact("lamp", "3.0.0", { hardware: ["lamp-a1"], installsOver: ">=2.0.0 <3.0.0" }),
  ],
  belowPercent: 3,
};

/** A service that serves its old version beside the new one until the plan ends it. */
export const twoServices: Scenario = {
  target: { fan: "3.0.0", cloud: "6.0.0" },
  field: { fan: ["1.0.0"], cloud: ["5.0.0"] },
  facts: [
    fact("cloud", "5.0.0", { requires: { fan: "<3.0.0" } }),
    fact("cloud", "6.0.0", { requires: { fan: ">=2.0.0" }, keepsVersions: true }),
    fact("fan", "1.0.0", { hardware: models }),
    fact("fan", "2.0.0", { hardware: models }),
    fact("fan", "3.0.0", { hardware: models, installsOver: ">=2.0.0 <3.0.0" }),
  ],
  belowPercent: 3,
};

/** App and firmware that refuse each other's older versions, with an app that drives the update. */
export const lockstep: Scenario = {
  target: { "app-android": "2.0.0", fan: "2.0.0" },
  field: { "app-android": ["1.0.0"], fan: ["1.0.0"] },
  facts: [
    fact("app-android", "1.0.0", { requires: { fan: ">=1.0.0 <2.0.0" } }),
    fact("app-android", "2.0.0", { requires: { fan: ">=2.0.0" }, bridges: { fan: ">=1.0.0" } }),
    fact("fan", "1.0.0", { hardware: models }),
    fact("fan", "2.0.0", { hardware: models, requires: { "app-android": ">=2.0.0" } }),
  ],
  belowPercent: 3,
};

const bakeMs = 24 * hourMs;

const twoStages: readonly Stage[] = [
  {
    name: "canary",
    waves: [{ devices: { kind: "label", label: "ring", value: "canary", max: 12 }, appsPercent: 5 }],
    bakeMs,
    gates: ["updated"],
    approvalsRequired: 0,
  },
  {
    name: "fleet",
    waves: [20, 60, 100].map((percent) => ({ devices: { kind: "percent", percent }, appsPercent: percent })),
    bakeMs,
    gates: ["updated", "heartbeat"],
    approvalsRequired: 2,
  },
];

/** What is quick enough for a few hundred sites to come to an end. */
export const smallModel: SimulationModel = {
  ...defaultModel,
  controlIntervalS: 4 * 3600,
  users: { ...defaultModel.users, neverPercent: 2 },
  devices: { ...defaultModel.devices, awayPercent: 10, failurePercent: 1, silentPercent: 1, lostPercent: 1 },
};

export function requestOf(
  scenario: Scenario,
  options: Partial<Pick<SimulationRequest, "sites" | "seed" | "daysMax" | "model">> = {},
): SimulationRequest {
  const { facts, field, target } = scenario;
  const pairing = scenario.pairing ?? "observed";
  const relation = createRelation(facts, field);
  const release = releaseOf(scenario, pairing);
  const plan = makePlan({
    product: release.product,
    release: release.version,
    relation,
    live: field,
    target,
    pairing,
  });
  if (!plan.feasible) throw new Error(JSON.stringify(plan.blocked));
  return {
    release,
    plan,
    facts,
    relation,
    field,
    shares: scenario.shares ?? evenShares(field),
    model: smallModel,
    sites: 120,
    seed: 1,
    daysMax: 50,
    ...options,
  };
}

function releaseOf(scenario: Scenario, pairing: Release["pairing"]): Release {
  const { belowPercent = 0.5, facts, limitPercent = 25, stages = twoStages, target } = scenario;
  const gate = { limitPercent, alpha: 0.2, deadlineMs: 6 * hourMs };
  return {
    apiVersion: "iotctl.dev/v1",
    kind: "Release",
    product: "ceiling-fan",
    version: "2026.11.0",
    components: Object.fromEntries(
      Object.entries(target).map(([name, version]) => {
        const found = facts.find((each) => each.component === name && each.version === version);
        if (!found) throw new Error(`no facts of ${name} ${version}`);
        const { hardware, installsOver, kind, requires } = found;
        if (kind === "service") return [name, { kind, version, requires }];
        if (kind === "firmware") {
          const variants = Object.fromEntries(hardware.map((model) => [model, `${model}.bin`]));
          return [
            name,
            { kind, version, variants, requires, ...(installsOver !== undefined && { installsOver }) },
          ];
        }
        const platform = name.includes("ios") ? "ios" : "android";
        return [name, { kind, platform, id: name, version, artifact: name, requires }];
      }),
    ),
    known: {},
    rollout: { stages },
    gates: {
      updated: { measure: "update-failure", ...gate },
      heartbeat: { measure: "silent-after-update", ...gate },
    },
    retire: { belowPercent, unseenMs: 30 * 24 * hourMs },
    pairing,
    onFailure: "rollback",
  };
}
