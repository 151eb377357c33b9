import type { Part } from "./part.ts";
import type { PlanRequest } from "./plan-request.ts";
import { problemOf } from "./problem.ts";

/**
 * The request in pieces that have nothing to do with one another: no version of one clashes with a
 * version of another, so that each is planned by itself.
 */
export function splitRequest(request: PlanRequest): PlanRequest[] {
  const pieces: PlanRequest[] = [];
  const seen = new Set<Part>();
  for (const part of problemOf(request).parts) {
    if (seen.has(part)) continue;
    const together = new Set([part]);
    for (const each of together) for (const other of each.coupled) together.add(other);
    for (const each of together) seen.add(each);
    const components = new Set([...together].map(({ component }) => component));
    pieces.push(withComponents(request, components));
  }
  return pieces;
}

/** The request without all other components. */
export function withComponents(request: PlanRequest, components: ReadonlySet<string>): PlanRequest {
  const own = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).filter(([component]) => components.has(component)));
  return { ...request, live: own(request.live), target: own(request.target) };
}
