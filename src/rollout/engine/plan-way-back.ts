import { IotctlError } from "../../base/errors.ts";
import {
  type ComponentVersion,
  type LiveSets,
  type Relation,
  securityCounter,
} from "../../compat/relation.ts";
import type { Verdict } from "../../compat/verdict.ts";
import { blockedPair } from "../../planner/blocked-pairs.ts";
import { makePlan } from "../../planner/make-plan.ts";
import type { BlockedPair } from "../../planner/plan.ts";
import type { PlanRequest } from "../../planner/plan-request.ts";
import { insteadOfGoingBack } from "./instead-of-going-back.ts";
import { peersToMeet } from "./peers-to-meet.ts";
import { kindOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";
import { type InUse, versionsInUse } from "./versions-in-use.ts";
import type { ClosedWay, WayBack } from "./way-back.ts";
import { type WayTo, waysBack } from "./ways-back.ts";

/** Devices may say that they ran anything before; of what nobody knows no more than these are written down. */
const unknownMax = 20;

/**
 * Asks the planner for every version that devices of the rollout would go back to: whether it can be
 * introduced beside everything that is in use now. What is in use, is: apps are never taken back,
 * services stay, and no device waits for another, so a version that has to wait for anything is closed.
 * Versions are opened one after the other, each beside those before. Where nobody was moved yet, nobody
 * has to go anywhere, and what they run is open.
 */
export function planWayBack(state: RolloutState, relation: Relation): WayBack {
  const ways = waysBack(state);
  if (ways.length === 0) return { open: fieldOf(state), closed: [] };
  const inUse = versionsInUse(state, relation);
  const open: Record<string, string[]> = {};
  const closed: ClosedWay[] = [];
  let unknown = 0;
  for (const way of ways) {
    if (!relation.facts(way.component, way.version) && ++unknown > unknownMax) continue;
    const shut = shutBy(way, withOpened(inUse, open), state, relation);
    if (shut) {
      const { component, version } = way;
      closed.push({
        component,
        version,
        ...shut,
        instead: insteadOfGoingBack(state, relation, way, shut.pairs),
      });
    } else (open[way.component] ??= []).push(way.version);
  }
  return { open, closed };
}

/** What devices run that were not moved. */
function fieldOf({ config }: RolloutState): Record<string, readonly string[]> {
  const moved = config.plan.steps.filter(
    ({ action, component }) => action === "introduce" && kindOf(config, component) === "firmware",
  );
  return Object.fromEntries(moved.map(({ component }) => [component, config.plan.field[component] ?? []]));
}

function withOpened({ live, offered }: InUse, open: LiveSets): InUse {
  const opened = Object.entries(open).map(([component, versions]): [string, string[]] => [
    component,
    [...new Set([...(live[component] ?? []), ...versions])],
  ]);
  return { offered, live: { ...live, ...Object.fromEntries(opened) } };
}

type Shut = Pick<ClosedWay, "pairs" | "why">;

/** What stands against going back to a version; null when nothing does. */
function shutBy(way: WayTo, inUse: InUse, state: RolloutState, relation: Relation): Shut | null {
  const { component, over, version } = way;
  const name = `${component} ${version}`;
  if (version === "")
    return { pairs: [], why: `nobody knows what ran before ${component} ${over.join(", ")}` };
  if (!relation.facts(component, version)?.hardware.length) {
    return { pairs: [], why: `the rollout has no image of ${name}` };
  }
  const counter = securityCounter(relation, component, version);
  const from = over.filter((each) => securityCounter(relation, component, each) <= counter);
  if (from.length === 0) {
    const counters = over.map((each) => `${each} with ${securityCounter(relation, component, each)}`);
    return {
      pairs: [],
      why: `${name} has security counter ${counter}, and devices run ${counters.join(", ")}`,
    };
  }
  const peers = peersToMeet(way, inUse, state, relation);
  try {
    const { blocked } = makePlan(requestFor(way, from, peers, state, relation));
    if (blocked === null) return null;
    const pairs = pairsOf(way, peers, relation);
    return { pairs, why: pairs.length > 0 ? inWords(pairs) : evidenceOf(blocked.pairs) };
  } catch (error) {
    if (!(error instanceof IotctlError) || error.code !== "IOT_PLAN_TOO_LARGE") throw error;
    return { pairs: [], why: error.message };
  }
}

/** One component moves, to where it was; everything else stays as it is. */
function requestFor(
  way: WayTo,
  from: readonly string[],
  peers: LiveSets,
  { config }: RolloutState,
  relation: Relation,
): PlanRequest {
  const { component, version } = way;
  const isBack = (each: ComponentVersion): boolean =>
    each.component === component && each.version === version;
  return {
    product: config.plan.product,
    release: config.plan.release,
    pairing: config.pairing,
    live: { ...peers, [component]: from },
    target: { [component]: version },
    relation: {
      ...relation,
      // What lives together already does so whichever way the devices go.
      verdict: (a, b) => (isBack(a) || isBack(b) ? relation.verdict(a, b) : livesAlready),
      installsOver: (target, installed) => isBack(target) && from.includes(installed),
    },
  };
}

const livesAlready: Verdict = { kind: "compatible", evidence: [{ kind: "field" }] };

function pairsOf(way: WayTo, peers: LiveSets, relation: Relation): BlockedPair[] {
  return Object.entries(peers).flatMap(([component, versions]) =>
    versions.flatMap((version) => blockedPair(way, { component, version }, relation) ?? []),
  );
}

/** Where no pair stands in the way, the planner says what does. */
function evidenceOf(pairs: readonly BlockedPair[]): string {
  return pairs.map(({ evidence }) => evidence).join("; ");
}

function inWords(pairs: readonly BlockedPair[]): string {
  return pairs
    .map(
      ({ a, b, verdict }) =>
        `${b} is in use and ${verdict === "unknown" ? "is not known to fit" : "does not fit"} ${a}`,
    )
    .join("; ");
}
