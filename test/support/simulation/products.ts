import type { Random } from "../../../src/base/random.ts";
import type { VersionFacts } from "../../../src/compat/relation.ts";
import { compareVersions } from "../../../src/compat/versions.ts";
import { fact } from "../facts.ts";
import { pick } from "./chance.ts";

/** The versions of a product: what there is, what is to be released, what may be in use before. */
export interface Product {
  readonly facts: readonly VersionFacts[];
  readonly target: Readonly<Record<string, string>>;
  /** Versions that are in nobody's use, though they could be. */
  readonly unused?: readonly string[];
  /** An app that drives the update of a firmware. */
  readonly lockstep?: true;
}

/** The example of the fan, or a small random product. */
export function pickProduct(random: Random, tries: number): Product {
  const dice = random.next();
  if (tries >= 100 || dice < 0.2) return fanVersions;
  if (dice < 0.45) return withCounters(random, longWay(random));
  return dice < 0.6 ? lockstep(random) : withCounters(random, randomVersions(random));
}

/** Now and then what is released can never be left again: hardware refuses a lower counter. */
function withCounters(random: Random, product: Product): Product {
  const raised = random.next() < 0.75 ? [] : Object.keys(product.target).filter(() => random.next() < 0.6);
  const facts = product.facts.map((each) =>
    each.kind === "firmware" &&
    raised.includes(each.component) &&
    each.version === product.target[each.component]
      ? { ...each, securityCounter: 1 }
      : each,
  );
  return { ...product, facts };
}

const fanApp = { "4.0.0": { fan: ">=1.0.0 <2.0.0" }, "4.1.0": { fan: ">=1.8.0 <2.1.0" } };
const fanVersions: Product = {
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
function longWay(random: Random): Product {
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
function lockstep(random: Random): Product {
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
function randomVersions(random: Random): Product {
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

export function kindOf({ facts }: Product, component: string): VersionFacts["kind"] {
  return facts.find((each) => each.component === component)?.kind ?? "service";
}

/** What may be in use when it begins. */
export function oldVersions({ facts, target, unused = [] }: Product, component: string): string[] {
  return facts
    .filter((each) => each.component === component && each.version !== target[component])
    .filter(({ version }) => !unused.includes(`${component}@${version}`))
    .map(({ version }) => version)
    .toSorted(compareVersions);
}

/** The hardware that a version has an image for. */
export function imagesOf({ facts }: Product, component: string, version: string): readonly string[] {
  return facts.find((each) => each.component === component && each.version === version)?.hardware ?? [];
}
