import { expect, test } from "vitest";
import { IotctlError } from "../../../src/base/errors.ts";
import { assertFeasible } from "../../../src/cli/release/assert-feasible.ts";
import type { Blocked, Plan } from "../../../src/planner/plan.ts";

function planWith(blocked: Blocked | null): Plan {
  return {
    schemaVersion: 1,
    feasible: blocked === null,
    product: "fan",
    release: "1.0.0",
    field: {},
    broken: [],
    stuck: [],
    steps: [],
    blocked,
  };
}

function refusal(blocked: Blocked): IotctlError {
  try {
    assertFeasible(planWith(blocked));
  } catch (error) {
    if (error instanceof IotctlError) return error;
  }
  throw new Error("was let through");
}

const pair = {
  a: "app@4.2.0",
  b: "fan@1.8.0",
  verdict: "incompatible",
  evidence: "app@4.2.0 requires fan >=1.9.0, which does not hold",
} as const;

test("lets a plan through that there is", () => {
  expect(() => assertFeasible(planWith(null))).not.toThrow();
});

test("shows the pairs, and what would make an order", () => {
  const error = refusal({
    pairs: [pair],
    repairs: [
      {
        kind: "bridging-firmware",
        change: "Release a fan between 1.8.0 and 2.0.0 that fits both.",
        steps: 5,
      },
      { kind: "requires", change: "Let app@4.2.0 require fan >=1.8.0", steps: 1 },
    ],
  });
  expect({ code: error.code, exit: error.exit }).toEqual({ code: "IOT_PLAN_BLOCKED", exit: 3 });
  expect(error.message.split("\n")).toEqual([
    "There is no safe order for fan 1.0.0:",
    "  app@4.2.0 and fan@1.8.0 are incompatible: app@4.2.0 requires fan >=1.9.0, which does not hold",
    "Any one of these would make one:",
    "  - Release a fan between 1.8.0 and 2.0.0 that fits both (a plan of 5 steps)",
    "  - Let app@4.2.0 require fan >=1.8.0 (a plan of 1 step)",
  ]);
  expect(error.hints).toEqual([
    "See the whole plan: iotctl plan",
    "Ask about one pair: iotctl can-i app@4.2.0 fan@1.8.0",
  ]);
});

test("is as short as what there is to say, and not longer than can be read", () => {
  expect(refusal({ pairs: [], repairs: [] }).message).toBe("There is no safe order for fan 1.0.0.");
  const many = Array.from({ length: 12 }, () => pair);
  const one = { kind: "floor", change: "Raise the floor of app to 4.2.0", steps: 2 } as const;
  const lines = refusal({ pairs: many, repairs: [one] }).message.split("\n");
  expect(lines).toHaveLength(1 + 10 + 1 + 2);
  expect(lines.slice(-3)).toEqual([
    "  ... and 2 more pairs",
    "This would make one:",
    "  - Raise the floor of app to 4.2.0 (a plan of 2 steps)",
  ]);
});
