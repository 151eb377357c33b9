import fc from "fast-check";
import { createRelation, type VersionFacts } from "../../src/compat/relation.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";

export type PlanQuestion = Omit<PlanRequest, "relation" | "product" | "release"> & {
  readonly facts: readonly VersionFacts[];
};

/** What kind of instances to make: which components, and which of the harder matters to mix in. */
export interface Flavour {
  /** Kind by component name, and how many versions it has. */
  readonly components: Readonly<Record<string, readonly [VersionFacts["kind"], number]>>;
  /** Pairs of components that say what they need of each other. */
  readonly couplings: readonly (readonly [string, string])[];
  readonly models: readonly string[];
  readonly pairing: "observed" | "arbitrary" | "either";
  readonly bridges?: true;
  readonly stuck?: true;
  readonly above?: true;
  readonly counters?: true;
}

/** The version list of a component: a prerelease among them, since ranges treat those their own way. */
const versionNames = ["1.0.0", "2.0.0-rc.1", "2.0.0", "3.0.0", "4.0.0"];

export function planRequest({ facts, ...question }: PlanQuestion): PlanRequest {
  return { product: "p", release: "1.0.0", relation: createRelation(facts, question.live), ...question };
}

/** Random planning questions of a flavour, each a plain value that can be pasted into a test. */
export function planQuestions(flavour: Flavour): fc.Arbitrary<PlanQuestion> {
  const components = Object.entries(flavour.components);
  const drawnFacts = fc.tuple(
    ...components.flatMap(([component, [kind, count]]) =>
      versionNames.slice(0, count).map((version, index) => factsOf(flavour, component, kind, version, index)),
    ),
  );
  const targets = fc.tuple(
    ...components.map(([, [, count]]) =>
      flavour.above ? fc.constantFrom(count - 1, count - 1, count - 2) : fc.constant(count - 1),
    ),
  );
  const fields = fc.tuple(...components.map(([, [, count]]) => fieldMask(count, flavour)));
  const seen = fc.tuple(...components.map(() => fc.option(density(flavour.models.length, 1), { freq: 3 })));
  const pairing =
    flavour.pairing === "either"
      ? fc.constantFrom("observed" as const, "arbitrary" as const)
      : fc.constant(flavour.pairing);
  return fc.record({ facts: drawnFacts, targets, fields, seen, pairing }).map((drawn): PlanQuestion => {
    const target = Object.fromEntries(
      components.map(([name], at) => [name, versionNames[drawn.targets[at]!]!]),
    );
    const live = Object.fromEntries(
      components.map(([name], at) => [name, pick(versionNames, drawn.fields[at]!)]),
    );
    const hardware = Object.fromEntries(
      components.flatMap(([name, [kind]], at) => {
        const models = pick(flavour.models, drawn.seen[at] ?? 0);
        if (kind !== "firmware" || models.length === 0) return [];
        return [[name, Object.fromEntries((live[name] ?? []).map((version) => [version, models]))]];
      }),
    );
    const facts = drawn.facts.map((fact) => {
      // The release itself can always be installed, and says of nothing that it never leaves.
      const { stuck, ...rest } = fact;
      return target[fact.component] === fact.version
        ? { ...rest, installable: true }
        : live[fact.component]?.includes(fact.version) && stuck !== undefined
          ? fact
          : rest;
    });
    return {
      facts,
      live,
      target,
      pairing: drawn.pairing,
      ...(Object.keys(hardware).length > 0 ? { hardware } : {}),
    };
  });
}

function factsOf(
  flavour: Flavour,
  component: string,
  kind: VersionFacts["kind"],
  version: string,
  index: number,
): fc.Arbitrary<VersionFacts> {
  const peers = flavour.couplings.flatMap(([a, b]) => (a === component ? [b] : b === component ? [a] : []));
  const needs = fc.tuple(
    ...peers.map((peer) => fc.option(pins(flavour.components[peer]![1], index), { freq: 2 })),
  );
  const [, count] = flavour.components[component]!;
  const firmware = kind === "firmware";
  return fc
    .record({
      needs,
      installable: fc.integer({ min: 0, max: 3 }),
      over: firmware ? fc.option(lists(count), { freq: 2 }) : fc.constant(null),
      models: firmware ? density(flavour.models.length, 2) : fc.constant(0),
      bridges:
        flavour.bridges && kind === "app"
          ? fc.option(fc.constantFrom("*", ">=2.0.0"), { freq: 3 })
          : fc.constant(null),
      stuck: flavour.stuck ? fc.integer({ min: 0, max: 5 }) : fc.constant(1),
      keeps: kind === "service" ? fc.boolean() : fc.constant(false),
      counter: firmware && flavour.counters ? fc.constantFrom(0, 0, 0, 0, 1) : fc.constant(0),
    })
    .map(({ bridges, counter, installable, keeps, models, over, stuck, ...drawn }): VersionFacts => ({
      component,
      version,
      kind,
      requires: Object.fromEntries(
        peers.flatMap((peer, at) => (drawn.needs[at] ? [[peer, drawn.needs[at]]] : [])),
      ),
      hardware: pick(flavour.models, models),
      installable: installable > 0,
      ...(over !== null ? { installsOver: over } : {}),
      ...(bridges !== null
        ? {
            bridges: Object.fromEntries(
              peers
                .filter((peer) => flavour.components[peer]![0] === "firmware")
                .map((peer) => [peer, bridges]),
            ),
          }
        : {}),
      ...(stuck === 0 ? { stuck: "says the test" } : {}),
      ...(keeps ? { keepsVersions: true } : {}),
      ...(counter > 0 ? { securityCounter: counter } : {}),
    }));
}

/** Mostly one or two of the lower versions. */
function fieldMask(count: number, { above }: Flavour): fc.Arbitrary<number> {
  const one = fc.noBias(fc.integer({ min: 0, max: count - 1 }));
  const low = fc.noBias(fc.integer({ min: 0, max: Math.max(0, count - 2) }));
  return fc
    .tuple(fc.oneof(low, low, one), fc.oneof(low, low, above ? one : low), fc.boolean())
    .map(([a, b, two]) => (1 << a) | (two ? 1 << b : 0));
}

/** A pin: versions near one's own, as releases mostly have it, or any. */
function pins(count: number, index: number): fc.Arbitrary<string> {
  const near = fc
    .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }))
    .map(([below, above]) => listOf(count, (at) => at >= index - below && at <= index + above));
  return fc.oneof(near, near, lists(count), fc.constantFrom(">=2.0.0", "<3.0.0", "<=2.0.0", "*"));
}

function lists(count: number): fc.Arbitrary<string> {
  return density(count, 2).map((mask) => listOf(count, (at) => (mask & (1 << at)) !== 0));
}

function listOf(count: number, choose: (at: number) => boolean): string {
  return (
    versionNames
      .slice(0, count)
      .filter((_, at) => choose(at))
      .join(" || ") || "0.0.1"
  );
}

/** A bit mask that is never empty; each bit is set with 1 - 0.5 ** draws. */
function density(count: number, draws: number): fc.Arbitrary<number> {
  return fc
    .noBias(fc.array(fc.integer({ min: 0, max: (1 << count) - 1 }), { minLength: draws, maxLength: draws }))
    .map((masks) => masks.reduce((all, mask) => all | mask, 0) || (1 << count) - 1);
}

function pick<T>(all: readonly T[], mask: number): T[] {
  return all.filter((_, at) => (mask & (1 << at)) !== 0);
}

/** One per kind of difficulty; together they cover everything that docs/planning.md speaks of. */
export const flavours = {
  "two apps and a fan on two hardware models": {
    components: { "app-a": ["app", 4], "app-b": ["app", 3], fan: ["firmware", 4] },
    couplings: [
      ["app-a", "fan"],
      ["app-b", "fan"],
    ],
    models: ["a1", "b2"],
    pairing: "arbitrary",
    counters: true,
  },
  "two apps and a fan whose phones are known": {
    components: { "app-a": ["app", 4], "app-b": ["app", 3], fan: ["firmware", 4] },
    couplings: [
      ["app-a", "fan"],
      ["app-b", "fan"],
    ],
    models: ["a1"],
    pairing: "observed",
  },
  "two firmware components that constrain each other": {
    components: { app: ["app", 3], base: ["firmware", 4], fan: ["firmware", 3] },
    couplings: [
      ["app", "fan"],
      ["app", "base"],
      ["base", "fan"],
    ],
    models: ["a1", "b2"],
    pairing: "either",
  },
  "a service between an app and a fan": {
    components: { app: ["app", 4], cloud: ["service", 4], fan: ["firmware", 3] },
    couplings: [
      ["app", "fan"],
      ["app", "cloud"],
      ["cloud", "fan"],
    ],
    models: ["a1"],
    pairing: "either",
  },
  "apps that can drive the update of a fan": {
    components: { "app-a": ["app", 3], "app-b": ["app", 3], fan: ["firmware", 4] },
    couplings: [
      ["app-a", "fan"],
      ["app-b", "fan"],
    ],
    models: ["a1", "b2"],
    pairing: "observed",
    bridges: true,
  },
  "an app that can drive the update of two firmware components": {
    components: { app: ["app", 3], base: ["firmware", 3], fan: ["firmware", 4] },
    couplings: [
      ["app", "fan"],
      ["app", "base"],
      ["base", "fan"],
    ],
    models: ["a1"],
    pairing: "observed",
    bridges: true,
  },
  "versions that never leave, and betas above the release": {
    components: { "app-a": ["app", 4], "app-b": ["app", 3], fan: ["firmware", 4] },
    couplings: [
      ["app-a", "fan"],
      ["app-b", "fan"],
    ],
    models: ["a1", "b2"],
    pairing: "either",
    stuck: true,
    above: true,
  },
} as const satisfies Record<string, Flavour>;
