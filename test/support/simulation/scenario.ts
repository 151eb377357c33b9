import { type Random, randomInteger } from "../../../src/base/random.ts";
import { createRelation, type LiveSets, type Relation } from "../../../src/compat/relation.ts";
import { compareVersions } from "../../../src/compat/versions.ts";
import type { Freeze } from "../../../src/manifest/environment.ts";
import { makePlan } from "../../../src/planner/make-plan.ts";
import { pick, randomFor } from "./chance.ts";
import { type ModelDevice, type Nature, newDevice, offlineWindows, personalities } from "./model-device.ts";
import type { MetricMood } from "./model-metrics.ts";
import { imagesOf, kindOf, oldVersions, pickProduct, type Product } from "./products.ts";
import { hourMs, makeConfig, makeFreezes, minuteMs, type ModelConfig } from "./settings.ts";

const simulatedMs = 40 * hourMs;
/** Some Monday, and two Saturdays before clocks are put forward and back in Europe. */
const startsMs = [Date.UTC(2025, 11, 1), Date.UTC(2026, 2, 28, 12), Date.UTC(2026, 9, 24, 12)];
/** One rollout in so many is about a fleet of thousands. */
const largeEvery = 500;

export interface Scenario {
  readonly config: ModelConfig;
  readonly relation: Relation;
  readonly devices: readonly ModelDevice[];
  readonly latecomers: readonly { readonly atMs: number; readonly device: ModelDevice }[];
  readonly services: Readonly<Record<string, string>>;
  readonly offered: readonly { readonly component: string; readonly version: string }[];
  readonly metricMood: MetricMood;
  readonly freezes: readonly { readonly announcedAtMs: number; readonly freeze: Freeze }[];
  readonly startMs: number;
  /** Nothing is wrong with anybody or anything. */
  readonly healthy: boolean;
  readonly large: boolean;
}

/** What the rollout of a seed is about. */
export function scenarioOf(seed: number): Scenario {
  const large = seed % largeEvery === 3;
  return makeScenario(randomFor(seed, 1), { healthy: seed % 5 === 0, large });
}

export function makeScenario(
  random: Random,
  { healthy, large = false }: { readonly healthy: boolean; readonly large?: boolean },
): Scenario {
  for (let tries = 0; tries < 200; tries++) {
    const product = pickProduct(random, tries);
    const pairing = product.lockstep || random.next() < 0.6 ? "observed" : "arbitrary";
    const faults = healthy ? 0 : pick(random, [0, 0, 0.1, 0.4, 0.9]);
    const startMs = healthy ? startsMs[0]! : pick(random, startsMs);
    const maker = { random, product, faults, healthy, startMs };
    const devices = makeDevices(maker, large ? 2000 : randomInteger(random, 6, 16));
    const live = liveIn(devices, product);
    const relation = createRelation(product.facts, live);
    const { target } = product;
    const hardware = hardwareIn(devices);
    const plan = makePlan({ product: "model", release: "1.0.0", relation, live, target, pairing, hardware });
    if (!plan.feasible || !plan.steps.some(({ action }) => action === "introduce")) continue;
    if (healthy && !provesEnough(devices, product)) continue;
    return {
      config: makeConfig(random, product, plan, pairing, healthy),
      relation,
      devices,
      latecomers: healthy || random.next() < 0.5 ? [] : makeLatecomers(maker),
      services: Object.fromEntries(
        Object.entries(live).flatMap(([component, [version]]) =>
          kindOf(product, component) === "service" && version !== undefined ? [[component, version]] : [],
        ),
      ),
      offered: Object.keys(live).flatMap((component) => {
        const newest = oldVersions(product, component).at(-1);
        return kindOf(product, component) === "app" && newest ? [{ component, version: newest }] : [];
      }),
      metricMood: {
        released: Object.values(product.target),
        badFromMs: healthy || random.next() < 0.5 ? Infinity : startMs + random.next() * 0.7 * simulatedMs,
        darkFromMs: healthy || random.next() < 0.8 ? Infinity : startMs + random.next() * 0.7 * simulatedMs,
        trouble: healthy ? 0 : pick(random, [0, 0.05, 0.5]),
      },
      freezes: healthy ? [] : makeFreezes(random, startMs, simulatedMs),
      startMs,
      healthy,
      large,
    };
  }
  throw new Error("no scenario has a feasible plan");
}

/** Gates pass on nothing else than devices that take the target. */
function provesEnough(devices: readonly ModelDevice[], product: Product): boolean {
  return Object.entries(product.target).every(([component, version]) => {
    const models = imagesOf(product, component, version);
    const takers = devices.filter((each) => each.component === component && models.includes(each.hardware));
    return kindOf(product, component) !== "firmware" || takers.length >= 4;
  });
}

interface Maker {
  readonly random: Random;
  readonly product: Product;
  readonly faults: number;
  readonly healthy: boolean;
  readonly startMs: number;
}

const honestFaults: readonly Nature[] = ["fails", "modest", "falls-back", "mute-liar"];

function makeDevices(maker: Maker, count: number): ModelDevice[] {
  return firmwaresOf(maker.product).flatMap((component) =>
    Array.from({ length: count }, (_, index) => makeDevice(maker, component, `${component}-${index}`)),
  );
}

function makeLatecomers(maker: Maker): Scenario["latecomers"] {
  const { product, random, startMs } = maker;
  return Array.from({ length: randomInteger(random, 1, 4) }, (_, index) => {
    const component = pick(random, firmwaresOf(product));
    const device = makeDevice(maker, component, `${component}-late-${index}`);
    return { atMs: startMs + random.next() * simulatedMs, device };
  });
}

function makeDevice(maker: Maker, component: string, id: string): ModelDevice {
  const { faults, healthy, product, random, startMs } = maker;
  const apps = Object.keys(product.target).filter((name) => kindOf(product, name) === "app");
  const running = pick(random, oldVersions(product, component));
  const images = imagesOf(product, component, running);
  const pollIntervalMs = randomInteger(random, 5, 90) * minuteMs;
  const natures = random.next() < 0.6 ? personalities : honestFaults;
  const device = {
    id,
    component,
    hardware: pick(random, images.length > 0 ? images : [`${component}-a1`, `${component}-b2`]),
    labels: random.next() < 0.5 ? { ring: "canary" } : {},
    nature: random.next() < faults ? pick(random, natures) : "honest",
    phones: Array.from({ length: randomInteger(random, 0, 2) }, (_, phone) => {
      const app = pick(random, apps);
      return {
        id: `${id}-phone-${phone}`,
        component: app,
        version: pick(random, oldVersions(product, app)),
        adoptsAfterMs: random.next() < (healthy ? 0 : 0.15) ? Infinity : random.next() * 6 * hourMs,
      };
    }),
    pollIntervalMs,
    installMs: random.next() < (healthy ? 0 : 0.2) ? random.next() * 8 * hourMs : random.next() * hourMs,
    reportsAtOnce: random.next() < 0.5,
    offline: healthy ? [] : offlineWindows(random, startMs, simulatedMs),
    reboots: random.next() < (healthy ? 0 : 0.15) ? randomInteger(random, 1, 3) : 0,
    doomed: random.next() < 0.5,
    stampMs: random.next() < 0.5 ? 0 : Date.UTC(2099, 0, 1),
    running,
    nextPollAtMs: startMs + random.next() * pollIntervalMs,
  };
  return newDevice(device, startMs);
}

function firmwaresOf(product: Product): string[] {
  return Object.keys(product.target).filter((name) => kindOf(product, name) === "firmware");
}

function hardwareIn(devices: readonly ModelDevice[]): Record<string, Record<string, string[]>> {
  const seen: Record<string, Record<string, string[]>> = {};
  for (const { component, hardware, running } of devices) {
    const models = ((seen[component] ??= {})[running] ??= []);
    if (!models.includes(hardware)) models.push(hardware);
  }
  return seen;
}

function liveIn(devices: readonly ModelDevice[], product: Product): LiveSets {
  const live: Record<string, Set<string>> = {};
  for (const { component, phones, running } of devices) {
    (live[component] ??= new Set()).add(running);
    for (const phone of phones) (live[phone.component] ??= new Set()).add(phone.version);
  }
  for (const component of Object.keys(product.target)) {
    const olds = oldVersions(product, component);
    live[component] ??= new Set();
    // What a store offers to everybody may be installed at any moment; a service runs one version.
    if (kindOf(product, component) !== "firmware") live[component].add(olds.at(-1) ?? "");
  }
  return Object.fromEntries(
    Object.entries(live).map(([component, found]) => [component, [...found].toSorted(compareVersions)]),
  );
}
