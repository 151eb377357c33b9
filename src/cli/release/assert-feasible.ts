import { IotctlError } from "../../base/errors.ts";
import type { BlockedPair, Plan, Repair } from "../../planner/plan.ts";

const pairsMax = 10;

/** Turns a plan that is a "no" into IOT_PLAN_BLOCKED, which shows why and what would make one. */
export function assertFeasible(plan: Plan): void {
  if (plan.feasible) return;
  const { pairs, repairs } = plan.blocked ?? { pairs: [], repairs: [] };
  throw new IotctlError(
    "IOT_PLAN_BLOCKED",
    [
      `There is no safe order for ${plan.product} ${plan.release}${pairs.length > 0 ? ":" : "."}`,
      ...pairLines(pairs),
      ...repairLines(repairs),
    ].join("\n"),
    {
      hints: [
        "See the whole plan: iotctl plan",
        ...pairs.slice(0, 1).map(({ a, b }) => `Ask about one pair: iotctl can-i ${a} ${b}`),
      ],
      details: { plan },
    },
  );
}

function pairLines(pairs: readonly BlockedPair[]): string[] {
  const lines = pairs
    .slice(0, pairsMax)
    .map(({ a, b, evidence, verdict }) => `  ${a} and ${b} are ${verdict}: ${evidence}`);
  const more = pairs.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more pairs`] : lines;
}

function repairLines(repairs: readonly Repair[]): string[] {
  if (repairs.length === 0) return [];
  const title = repairs.length === 1 ? "This would make one:" : "Any one of these would make one:";
  return [
    title,
    ...repairs.map(({ change, steps }) => `  - ${sentence(change)} (a plan of ${stepCount(steps)})`),
  ];
}

/** Without its full stop, since a remark follows. */
function sentence(text: string): string {
  return text.replace(/\.$/, "");
}

function stepCount(steps: number): string {
  return steps === 1 ? "1 step" : `${steps} steps`;
}
