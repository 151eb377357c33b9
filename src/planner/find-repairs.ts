import type { Repair } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
export function findRepairs(_: PlanRequest): Repair[] {
  return [];
}
