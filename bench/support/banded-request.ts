import { createRelation, type VersionFacts } from "../../src/compat/relation.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";

export interface BandedShape {
  readonly firmware: number;
  readonly apps: number;
  readonly versions: number;
  /** Whether the firmware components constrain one another too. */
  readonly coupled: boolean;
  /** How far apart two versions may be and still fit, at least and at most. */
  readonly reach: readonly [number, number];
}

/**
 * A release in which each version fits the versions of its time and some before and after: nothing
 * can go from the first to the last in one step, firmware installs over the few versions before it,
 * and apps and firmware have to take turns. The same seed gives the same request.
 */
export function bandedRequest(shape: BandedShape, seed: number): PlanRequest {
  const random = randomFrom(seed);
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const name = (index: number): string => `${index + 1}.0.0`;
  const band = (index: number): string => {
    const [low, high] = shape.reach;
    const from = Math.max(0, index - between(low, high));
    const to = Math.min(shape.versions - 1, index + between(low, high));
    return `>=${name(from)} <=${name(to)}`;
  };
  const firmware = Array.from({ length: shape.firmware }, (_, index) => `part-${index}`);
  const apps = Array.from({ length: shape.apps }, (_, index) => `app-${index}`);
  const facts: VersionFacts[] = [];
  for (let index = 0; index < shape.versions; index++) {
    const version = name(index);
    const last = index === shape.versions - 1;
    for (const component of apps) {
      const requires = Object.fromEntries(firmware.map((part) => [part, band(index)]));
      facts.push({
        component,
        version,
        kind: "app",
        requires,
        hardware: [],
        installable: last || random() < 0.8,
      });
    }
    for (const [at, component] of firmware.entries()) {
      const peers = shape.coupled ? firmware.slice(0, at) : [];
      facts.push({
        component,
        version,
        kind: "firmware",
        requires: Object.fromEntries(peers.map((part) => [part, band(index)])),
        installsOver: `>=${name(Math.max(0, index - between(3, 6)))} <${version}`,
        hardware: ["a1"],
        installable: last || random() < 0.8,
      });
    }
  }
  const components = [...apps, ...firmware];
  const live = Object.fromEntries(components.map((component) => [component, [name(0)]]));
  const target = Object.fromEntries(components.map((component) => [component, name(shape.versions - 1)]));
  return {
    product: "bench",
    release: "1.0.0",
    relation: createRelation(facts, live),
    live,
    target,
    pairing: "arbitrary",
  };
}

/** Mulberry32 (T. Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
