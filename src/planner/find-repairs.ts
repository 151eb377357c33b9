import { findOrder } from "./find-order.ts";
import type { BlockedPair, Repair } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import { splitRequest } from "./split-request.ts";
import { TooLargeError } from "./too-large-error.ts";
import { bridgingFirmware, tolerantApps } from "./missing-versions.ts";
import {
  bridgesRepair,
  dropStuck,
  installOverStuck,
  observePairing,
  offerKnown,
  settleUnknown,
} from "./changed-facts.ts";

/** A change that might make an order possible, and the request as it would be with it. */
export interface Proposal {
  readonly kind: Repair["kind"];
  readonly change: string;
  readonly request: PlanRequest;
}

const repairsMax = 3;
/** Each is planned, so a field that is stuck in a hundred places must not take for ever. */
const proposalsMax = 60;

/** The cheapest changes that make an order possible: what is only written down before what has to be built. */
export function findRepairs(request: PlanRequest, pairs: readonly BlockedPair[]): Repair[] {
  const repairs: Repair[] = [];
  let tried = 0;
  for (const { change, kind, request: changed } of proposals(request, pairs)) {
    if (++tried > proposalsMax || repairs.length === repairsMax) break;
    const steps = stepsWith(changed);
    if (steps !== null) repairs.push({ kind, change, steps });
  }
  return repairs;
}

/** How many steps there are with a change made; one about which nothing can be said within bounds is not proposed. */
function stepsWith(request: PlanRequest): number | null {
  let steps = 0;
  for (const piece of splitRequest(request)) {
    try {
      const { order } = findOrder(piece);
      if (!order) return null;
      steps += order.steps.length;
    } catch (error) {
      if (error instanceof TooLargeError) return null;
      throw error;
    }
  }
  return steps;
}

function* proposals(request: PlanRequest, pairs: readonly BlockedPair[]): Generator<Proposal> {
  // The pairs rule every order out by themselves, so nothing helps that leaves their components alone.
  const named = pairs.flatMap(({ a, b }) => [a, b].map((name) => name.slice(0, name.lastIndexOf("@"))));
  const components = Object.keys(request.target)
    .filter((component) => named.length === 0 || named.includes(component))
    .toSorted();
  yield* observePairing(request);
  yield* settleUnknown(request, pairs);
  yield* offerKnown(request, components);
  yield* bridgesRepair(request);
  yield* bridgingFirmware(request, components);
  yield* tolerantApps(request, components);
  yield* installOverStuck(request, components);
  yield* dropStuck(request);
}
