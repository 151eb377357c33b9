import { type Random, randomInteger, seededRandom } from "../../src/base/random.ts";
import type { ResolvedComponent } from "../../src/bundle/resolved-release.ts";
import {
  createRelation,
  type LiveSets,
  type Relation,
  type VersionFacts,
} from "../../src/compat/relation.ts";
import { compareVersions } from "../../src/compat/versions.ts";
import type { DeviceGate, Release, Stage, Wave } from "../../src/manifest/release.ts";
import { makePlan } from "../../src/planner/make-plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import type { Plan } from "../../src/planner/plan.ts";
import type { Hop, RolloutConfig } from "../../src/rollout/engine/state.ts";
import { fact } from "./facts.ts";
import { type ModelDevice, type Nature, offlineWindows } from "./model-world.ts";

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** Some Monday. */
export const startMs = 1_764_547_200_000;
const simulatedMs = 40 * hourMs;

export interface Scenario {
  readonly config: Omit<RolloutConfig, "rolloutId" | "planDigest" | "rulesVersion">;
  readonly relation: Relation;
  readonly devices: ModelDevice[];
  readonly services: Record<string, string>;
  readonly offered: { component: string; version: string }[];
  /** Nothing is wrong with anybody or anything. */
  readonly healthy: boolean;
}

interface Versions {
  readonly facts: readonly VersionFacts[];
  readonly target: Readonly<Record<string, string>>;
  /** Versions that are in nobody's use, though they could be. */
  readonly unused?: readonly string[];
  /** An app that drives the update of a firmware. */
  readonly lockstep?: true;
}

function pickVersions(random: Random, tries: number): Versions {
  const dice = random.next();
  if (tries >= 100 || dice < 0.2) return fanVersions;
  if (dice < 0.45) return longWay(random);
  return dice < 0.6 ? lockstep(random) : randomVersions(random);
}

/** The example of the fan, or a small random product, with a field and a plan that is feasible. */
export function makeScenario(random: Random, { healthy }: { readonly healthy: boolean }): Scenario {
  for (let tries = 0; tries < 200; tries++) {
    const versions = pickVersions(random, tries);
    const pairing = versions.lockstep || random.next() < 0.6 ? "observed" : "arbitrary";
    const faults = healthy ? 0 : pick(random, [0, 0, 0.1, 0.4, 0.9]);
    const devices = makeDevices(random, versions, faults, healthy);
    const live = liveIn(devices, versions);
    const relation = createRelation(versions.facts, live);
    const plan = planFor(versions, live, relation, pairing, hardwareIn(devices));
    if (!plan.feasible || !plan.steps.some(({ action }) => action === "introduce")) continue;
    if (healthy && !provesEnough(devices, versions)) continue;
    return {
      config: makeConfig(random, versions, plan, pairing, healthy),
      relation,
      devices,
      services: Object.fromEntries(
        Object.entries(live).flatMap(([component, [version]]) =>
          kindOf(versions, component) === "service" && version !== undefined ? [[component, version]] : [],
        ),
      ),
      offered: Object.keys(live).flatMap((component) => {
        const newest = oldVersions(versions, component).at(-1);
        return kindOf(versions, component) === "app" && newest ? [{ component, version: newest }] : [];
      }),
      healthy,
    };
  }
  throw new Error("no scenario has a feasible plan");
}

/** Gates pass on nothing else than devices that take the target. */
function provesEnough(devices: readonly ModelDevice[], versions: Versions): boolean {
  return Object.entries(versions.target).every(([component, version]) => {
    const models = imagesOf(versions, component, version);
    const takers = devices.filter((each) => each.component === component && models.includes(each.hardware));
    return kindOf(versions, component) !== "firmware" || takers.length >= 4;
  });
}

const fanApp = { "4.0.0": { fan: ">=1.0.0 <2.0.0" }, "4.1.0": { fan: ">=1.8.0 <2.1.0" } };
const fanVersions: Versions = {
  target: { "app-ios": "4.2.0", "app-android": "4.2.0", fan: "2.0.0", cloud: "5.2.0" },
  facts: [
    ...["app-ios", "app-android"].flatMap((app) => [
      ...Object.entries(fanApp).map(([version, requires]) => fact(app, version, { requires })),
      fact(app, "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
    ]),
    fact("cloud", "5.1.0", { requires: { fan: ">=1.8.0 <3.0.0" } }),
    fact("cloud", "5.2.0", { requires: { fan: ">=1.8.0" } }),
    fact("fan", "1.8.0", { hardware: ["fan-a1", "fan-b2"] }),
    fact("fan", "1.9.4", { hardware: ["fan-a1", "fan-b2"], installsOver: ">=1.8.0 <1.9.4" }),
    fact("fan", "2.0.0", {
      hardware: ["fan-a1", "fan-b2"],
      installsOver: ">=1.8.0 <2.0.0",
      requires: { "app-ios": ">=4.1.0", "app-android": ">=4.1.0", cloud: ">=5.1.0" },
    }),
  ],
};

/**
 * Old fans that take the target only after a hop, a generation that gets nothing any more, perhaps a hub
 * with a way as long, an app that has to be between the old and the new.
 */
function longWay(random: Random): Versions {
  const stuck = random.next() < 0.4;
  const throughApp = random.next() < 0.5;
  const everywhere = ["fan-a1", "fan-b2", ...(stuck ? ["fan-0"] : [])];
  const hub = random.next() < 0.4;
  const firmware = (component: string, models: readonly string[], all: readonly string[]): VersionFacts[] => [
    fact(component, "1.0.0", { hardware: all }),
    fact(component, "1.5.0", { hardware: random.next() < 0.5 ? all : models }),
    fact(component, "1.8.0", {
      hardware: models,
      installsOver: pick(random, [">=1.0.0 <1.8.0", ">=1.5.0 <1.8.0", ">=1.0.0"]),
    }),
    fact(component, "2.0.0", {
      hardware: models,
      installsOver: pick(random, [">=1.8.0 <2.0.0", ">=1.5.0 <2.0.0", ">=1.8.0"]),
      requires: { app: throughApp ? ">=1.5.0" : ">=1.0.0" },
    }),
  ];
  const above = stuck ? ">=1.0.0" : pick(random, [throughApp ? ">=2.0.0" : ">=1.8.0", ">=1.5.0", ">=1.0.0"]);
  return {
    target: { app: "2.0.0", fan: "2.0.0", ...(hub && { hub: "2.0.0" }) },
    unused: random.next() < 0.7 ? ["fan@1.8.0", "hub@1.8.0", "app@1.5.0"] : ["app@1.5.0"],
    facts: [
      fact("app", "1.0.0", { requires: { fan: ">=1.0.0 <2.0.0" } }),
      fact("app", "1.5.0", { requires: { fan: ">=1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: above } }),
      ...firmware("fan", ["fan-a1", "fan-b2"], everywhere),
      ...(hub ? firmware("hub", ["hub-a1"], ["hub-a1"]) : []),
    ],
  };
}

/** An app and a firmware that refuse each other's older versions; the app drives the update. Perhaps a hop before. */
function lockstep(random: Random): Versions {
  const hop = random.next() < 0.5;
  const stuck = random.next() < 0.3;
  const apps = random.next() < 0.4 ? ["app-a", "app-b"] : ["app-a"];
  const models = ["fan-a1", "fan-b2"];
  const needs = (range: string): Record<string, string> =>
    Object.fromEntries(apps.map((app) => [app, range]));
  const cloud = random.next() < 0.4;
  return {
    lockstep: true,
    target: {
      ...Object.fromEntries(apps.map((app) => [app, "2.0.0"])),
      fan: "2.0.0",
      ...(cloud && { cloud: "2.0.0" }),
    },
    ...(random.next() < 0.5 && { unused: ["fan@1.5.0"] }),
    facts: [
      ...apps.flatMap((app) => [
        fact(app, "1.0.0", { requires: { fan: "<2.0.0" } }),
        fact(app, "2.0.0", {
          requires: { fan: stuck ? ">=2.0.0 || 0.9.0" : ">=2.0.0" },
          bridges: { fan: pick(random, [">=1.0.0", hop ? ">=1.5.0" : ">=1.0.0"]) },
        }),
      ]),
      ...(cloud ? [fact("cloud", "1.0.0"), fact("cloud", "2.0.0", { requires: { fan: ">=0.9.0" } })] : []),
      ...(stuck ? [fact("fan", "0.9.0", { hardware: ["fan-0"] })] : []),
      fact("fan", "1.0.0", { hardware: models }),
      fact("fan", "1.5.0", { hardware: models }),
      fact("fan", "2.0.0", {
        hardware: models,
        installsOver: hop ? ">=1.5.0 <2.0.0" : ">=1.0.0 <2.0.0",
        requires: needs(">=2.0.0"),
      }),
    ],
  };
}

/** One or two apps and firmwares, perhaps a service, with one or two old versions each and random pins. */
function randomVersions(random: Random): Versions {
  const names = ["app-a", "fan"];
  if (random.next() < 0.4) names.push("app-b");
  if (random.next() < 0.5) names.push("hub");
  if (random.next() < 0.5) names.push("cloud");
  const facts: VersionFacts[] = [];
  for (const component of names) {
    const olds = random.next() < 0.5 ? ["1.0.0"] : ["1.0.0", "1.1.0"];
    const strict = olds.length > 1 && random.next() < 0.4;
    for (const version of [...olds, "2.0.0"]) {
      const requires: Record<string, string> = {};
      for (const other of names) {
        if (other === component || kindOfName(other) === kindOfName(component)) continue;
        if (random.next() < 0.45) requires[other] = pick(random, version === "2.0.0" ? newRanges : oldRanges);
      }
      const isFirmware = kindOfName(component) === "firmware";
      const hasImage = version === "2.0.0" || random.next() < 0.85;
      const hardware = isFirmware && hasImage ? [`${component}-a1`, `${component}-b2`] : [];
      const installsOver = strict && version === "2.0.0" ? { installsOver: ">=1.1.0 <2.0.0" } : {};
      facts.push(fact(component, version, { requires, hardware, ...installsOver }));
    }
  }
  return { facts, target: Object.fromEntries(names.map((name) => [name, "2.0.0"])) };
}

const newRanges = [">=1.0.0", ">=1.0.0", ">=1.1.0", ">=2.0.0", ">=1.0.0 <2.0.0"];
const oldRanges = [">=1.0.0", ">=1.0.0", ">=1.0.0 <2.0.0", ">=1.1.0"];

function kindOfName(component: string): VersionFacts["kind"] {
  return fact(component, "1.0.0").kind;
}

function kindOf({ facts }: Versions, component: string): VersionFacts["kind"] {
  return facts.find((each) => each.component === component)?.kind ?? "service";
}

/** What may be in use when it begins. */
function oldVersions({ facts, target, unused = [] }: Versions, component: string): string[] {
  return facts
    .filter((each) => each.component === component && each.version !== target[component])
    .filter(({ version }) => !unused.includes(`${component}@${version}`))
    .map(({ version }) => version)
    .toSorted(compareVersions);
}

function planFor(
  { target }: Versions,
  live: LiveSets,
  relation: Relation,
  pairing: Release["pairing"],
  hardware: NonNullable<PlanRequest["hardware"]>,
): Plan {
  return makePlan({ product: "model", release: "1.0.0", relation, live, target, pairing, hardware });
}

const faultyNatures: readonly Nature[] = [
  "fails",
  "liar",
  "mute-liar",
  "dies",
  "dies",
  "modest",
  "falls-back",
];

function makeDevices(random: Random, versions: Versions, faults: number, healthy: boolean): ModelDevice[] {
  const firmwares = Object.keys(versions.target).filter((name) => kindOf(versions, name) === "firmware");
  const apps = Object.keys(versions.target).filter((name) => kindOf(versions, name) === "app");
  return firmwares.flatMap((component) =>
    Array.from({ length: randomInteger(random, 6, 16) }, (_, index): ModelDevice => {
      const id = `${component}-${index}`;
      const running = pick(random, oldVersions(versions, component));
      const images = imagesOf(versions, component, running);
      const pollIntervalMs = randomInteger(random, 5, 90) * minuteMs;
      return {
        id,
        component,
        hardware: pick(random, images.length > 0 ? images : [`${component}-a1`, `${component}-b2`]),
        labels: random.next() < 0.5 ? { ring: "canary" } : {},
        nature: random.next() < faults ? pick(random, faultyNatures) : "honest",
        phones: Array.from({ length: randomInteger(random, 0, 2) }, (__, phone) => {
          const app = pick(random, apps);
          return {
            id: `${id}-phone-${phone}`,
            component: app,
            version: pick(random, oldVersions(versions, app)),
            adoptsAfterMs: random.next() < (healthy ? 0 : 0.15) ? Infinity : random.next() * 6 * hourMs,
          };
        }),
        pollIntervalMs,
        installMs: random.next() < (healthy ? 0 : 0.2) ? random.next() * 8 * hourMs : random.next() * hourMs,
        reportsAtOnce: random.next() < 0.5,
        offline: healthy ? [] : offlineWindows(random, startMs, simulatedMs),
        running,
        ready: null,
        dead: false,
        nextPollAtMs: startMs + random.next() * pollIntervalMs,
        reported: running,
        reportedAtMs: startMs,
        lastContactAtMs: startMs,
        pairedApps: [],
      };
    }),
  );
}

function imagesOf({ facts }: Versions, component: string, version: string): readonly string[] {
  return facts.find((each) => each.component === component && each.version === version)?.hardware ?? [];
}

function hardwareIn(devices: readonly ModelDevice[]): Record<string, Record<string, string[]>> {
  const seen: Record<string, Record<string, string[]>> = {};
  for (const { component, hardware, running } of devices) {
    const models = ((seen[component] ??= {})[running] ??= []);
    if (!models.includes(hardware)) models.push(hardware);
  }
  return seen;
}

function liveIn(devices: readonly ModelDevice[], versions: Versions): LiveSets {
  const live: Record<string, Set<string>> = {};
  for (const { component, phones, running } of devices) {
    (live[component] ??= new Set()).add(running);
    for (const phone of phones) (live[phone.component] ??= new Set()).add(phone.version);
  }
  for (const component of Object.keys(versions.target)) {
    const olds = oldVersions(versions, component);
    live[component] ??= new Set();
    // What a store offers to everybody may be installed at any moment; a service runs one version.
    if (kindOf(versions, component) !== "firmware") live[component].add(olds.at(-1) ?? "");
  }
  return Object.fromEntries(
    Object.entries(live).map(([component, found]) => [component, [...found].toSorted(compareVersions)]),
  );
}

function makeConfig(
  random: Random,
  versions: Versions,
  plan: Plan,
  pairing: Release["pairing"],
  healthy: boolean,
): Scenario["config"] {
  const gate = (measure: DeviceGate["measure"]): DeviceGate => ({
    measure,
    limitPercent: healthy ? 45 : pick(random, [20, 30, 45, 45]),
    alpha: healthy ? 0.4 : pick(random, [0.1, 0.3, 0.4]),
    deadlineMs: (healthy ? 6 : randomInteger(random, 2, 6)) * hourMs,
  });
  return {
    environment: "model",
    plan,
    manifestDigest: digestOf("manifest"),
    attestationDigest: digestOf("attestation"),
    ...resolvedOf(random, versions, `1.${randomInteger(random, 0, 999)}.0`),
    stages: makeStages(random, healthy),
    gates: { updated: gate("update-failure"), heartbeat: gate("silent-after-update") },
    retire: { belowPercent: 0, unseenMs: 30 * 24 * hourMs },
    onFailure: random.next() < 0.7 ? "rollback" : "hold",
    pairing,
    services: {},
  };
}

/** A canary and a ramp that mostly go by time, since few devices prove little, then everybody. */
function makeStages(random: Random, healthy: boolean): Stage[] {
  const gates = (share: number): string[] =>
    random.next() < share ? pick(random, [["updated"], ["heartbeat"], ["updated", "heartbeat"]]) : [];
  const canary: Wave["devices"] =
    random.next() < 0.7
      ? { kind: "label", label: "ring", value: "canary", max: randomInteger(random, 1, 4) }
      : { kind: "percent", percent: 20 };
  const ramp = pick(random, [[30], [30, 60], [50]]);
  const share = healthy ? 0 : 0.3;
  return [
    {
      name: "canary",
      waves: [{ devices: canary, appsPercent: 10 }],
      bakeMs: randomInteger(random, 0, 90) * minuteMs,
      gates: gates(share),
      approvalsRequired: random.next() < 0.15 ? 1 : 0,
    },
    {
      name: "ramp",
      waves: ramp.map((percent) => ({
        devices: { kind: "percent" as const, percent },
        appsPercent: percent,
      })),
      bakeMs: randomInteger(random, 0, 120) * minuteMs,
      gates: gates(share),
      approvalsRequired: randomInteger(random, 0, 2),
    },
    {
      name: "fleet",
      waves: [{ devices: { kind: "percent", percent: 100 }, appsPercent: 100 }],
      bakeMs: randomInteger(random, 0, 120) * minuteMs,
      gates: gates(1),
      approvalsRequired: randomInteger(random, 0, 1),
    },
  ];
}

/** Versions besides the target were brought by the release itself or by earlier ones. */
function resolvedOf(
  random: Random,
  { facts, target }: Versions,
  version: string,
): Pick<RolloutConfig, "resolved" | "hops"> {
  const known: Record<string, Record<string, ResolvedComponent>> = {};
  const hops: Record<string, Record<string, Hop>> = {};
  const components: Record<string, ResolvedComponent> = {};
  for (const each of facts) {
    const { bridges, component, installsOver, kind, requires } = each;
    const name = `${component}@${each.version}`;
    const hardware = kind === "firmware" ? each.hardware : kind === "app" ? [undefined] : [];
    const resolved: ResolvedComponent = {
      kind,
      version: each.version,
      requires,
      ...(installsOver === undefined ? {} : { installsOver }),
      ...(bridges && { bridges }),
      artifacts: hardware.map((model) => ({
        filename: `${name}.bin`,
        ...(model === undefined ? {} : { hardware: model }),
        digest: digestOf(`${name} ${model}`),
        sizeBytes: 1,
      })),
    };
    if (target[component] === each.version) components[component] = resolved;
    else if (random.next() < 0.5) (known[component] ??= {})[each.version] = resolved;
    else
      (hops[component] ??= {})[each.version] = { resolved, attestationDigest: digestOf(`released ${name}`) };
  }
  return { resolved: { schemaVersion: 1, product: "model", version, components, known }, hops };
}

function digestOf(text: string): string {
  return `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64)}`;
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

/** Chance of its own for each purpose, so that what one draws does not move the others. */
export function randomFor(seed: number, purpose: number): Random {
  return seededRandom(seed * 1000 + purpose);
}
