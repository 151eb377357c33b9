import { beforeEach, describe, expect, test, vi } from "vitest";
import { planText } from "../../../src/cli/render/plan-text.ts";
import type { Plan, PlanStep } from "../../../src/planner/plan.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  return () => vi.unstubAllEnvs();
});

const step = (more: Partial<PlanStep> & Pick<PlanStep, "id" | "component" | "version">): PlanStep => ({
  action: "introduce",
  replaces: [],
  guard: null,
  reversible: true,
  why: "",
  ...more,
});
const nothing: Plan = {
  schemaVersion: 1,
  feasible: true,
  product: "lamp",
  release: "2026.11.0",
  field: { app: ["2.0.0"], lamp: [] },
  broken: [],
  stuck: [],
  steps: [],
  blocked: null,
};
/** Everything that a plan can say. */
const plan: Plan = {
  ...nothing,
  field: { app: ["1.0.0", "1.4.0"], cloud: ["5.1.0"], lamp: ["1.2.0", "1.3.0"] },
  broken: [
    {
      a: "app@1.0.0",
      b: "lamp@1.3.0",
      verdict: "incompatible",
      evidence: "app@1.0.0 requires lamp <1.3.0, which does not hold",
    },
  ],
  stuck: [{ component: "app", version: "1.0.0", why: "phones on iOS 12 get nothing newer" }],
  steps: [
    step({
      id: "s1",
      component: "cloud",
      version: "5.2.0",
      replaces: ["5.1.0"],
      why: "it fits every live version",
    }),
    step({
      id: "s2",
      action: "retire",
      component: "app",
      version: "1.2.0",
      reversible: false,
      floor: "1.4.0",
      why: "lamp@2.0.0 does not fit app@1.2.0",
    }),
    step({
      id: "s3",
      component: "lamp",
      version: "2.0.0",
      replaces: ["1.2.0", "1.3.0"],
      staged: true,
      why: "every device is to hold it ready before the step to app@2.0.0",
    }),
    step({
      id: "s4",
      component: "app",
      version: "2.0.0",
      replaces: ["1.4.0"],
      reversible: false,
      why: "it does not fit lamp@1.3.0, but can update it",
    }),
    step({
      id: "s5",
      component: "lamp",
      version: "2.0.0",
      replaces: ["1.2.0", "1.3.0"],
      guard: { "app-android": ">=2.0.0", "app-ios": ">=2.0.0 <3.0.0" },
      why: "a device takes it only once its phones run app-android >=2.0.0, app-ios >=2.0.0 <3.0.0",
    }),
  ],
};
const blocked: Plan = {
  ...nothing,
  feasible: false,
  blocked: {
    pairs: [
      {
        a: "app@1.4.0",
        b: "lamp@2.0.0",
        verdict: "incompatible",
        evidence:
          "app@1.4.0 requires lamp <2.0.0, which does not hold; lamp@2.0.0 requires app >=2.0.0, which does not hold",
      },
      {
        a: "app@2.0.0",
        b: "cloud@5.1.0",
        verdict: "unknown",
        evidence: "neither says anything about the other",
      },
    ],
    repairs: [
      { kind: "bridges", change: "Let app 2.0.0 update lamp 1.3.0, and say so with bridges", steps: 5 },
      { kind: "floor", change: "Raise the floor of app to 1.4.0", steps: 1 },
    ],
  },
};

function longest(text: string): number {
  return Math.max(...text.split("\n").map((line) => Array.from(line).length));
}

describe("a plan for people", () => {
  test("without a limit, as in a pipe", () => {
    expect(planText(plan, Number.POSITIVE_INFINITY)).toMatchInlineSnapshot(`
      "lamp 2026.11.0
      In the field: app 1.0.0, 1.4.0; cloud 5.1.0; lamp 1.2.0, 1.3.0

      Broken today, whatever is released. The plan ends them:
      THIS       AND THIS    ARE
      app@1.0.0  lamp@1.3.0  incompatible
          app@1.0.0 requires lamp <1.3.0, which does not hold

      Can never leave the field, so every step has to fit them:
        app 1.0.0: phones on iOS 12 get nothing newer

      STEP  DO         WHAT         REPLACES      ONLY WITH                                    UNDO
      s1    introduce  cloud 5.2.0  5.1.0
            it fits every live version
      s2    retire     app 1.2.0
            lamp@2.0.0 does not fit app@1.2.0; wait until it has left, or raise the floor to 1.4.0
      s3    stage      lamp 2.0.0   1.2.0, 1.3.0
            every device is to hold it ready before the step to app@2.0.0
      s4    introduce  app 2.0.0    1.4.0                                                      no
            it does not fit lamp@1.3.0, but can update it
      s5    introduce  lamp 2.0.0   1.2.0, 1.3.0  app-android >=2.0.0, app-ios >=2.0.0 <3.0.0
            a device takes it only once its phones run app-android >=2.0.0, app-ios >=2.0.0 <3.0.0"
    `);
  });

  test("in 80 columns", () => {
    expect(longest(planText(plan, 80))).toBeLessThanOrEqual(80);
    expect(planText(plan, 80)).toMatchInlineSnapshot(`
      "lamp 2026.11.0
      In the field: app 1.0.0, 1.4.0; cloud 5.1.0; lamp 1.2.0, 1.3.0

      Broken today, whatever is released. The plan ends them:
      THIS       AND THIS    ARE
      app@1.0.0  lamp@1.3.0  incompatible
          app@1.0.0 requires lamp <1.3.0, which does not hold

      Can never leave the field, so every step has to fit them:
        app 1.0.0: phones on iOS 12 get nothing newer

      STEP  DO         WHAT         REPLACES      UNDO
      s1    introduce  cloud 5.2.0  5.1.0
            it fits every live version
      s2    retire     app 1.2.0
            lamp@2.0.0 does not fit app@1.2.0; wait until it has left, or raise the
            floor to 1.4.0
      s3    stage      lamp 2.0.0   1.2.0, 1.3.0
            every device is to hold it ready before the step to app@2.0.0
      s4    introduce  app 2.0.0    1.4.0         no
            it does not fit lamp@1.3.0, but can update it
      s5    introduce  lamp 2.0.0   1.2.0, 1.3.0
            a device takes it only once its phones run app-android >=2.0.0, app-ios
            >=2.0.0 <3.0.0"
    `);
  });

  test("in 60 columns every reason is there, word for word", () => {
    const text = planText(plan, 60);
    expect(longest(text)).toBeLessThanOrEqual(60);
    const words = text.replaceAll(/\s+/g, " ");
    for (const { why } of [...plan.steps, ...plan.stuck]) expect(words).toContain(why);
    expect(words).toContain("wait until it has left, or raise the floor to 1.4.0");
  });

  test("shows why there is none and what would make one", () => {
    expect(planText(blocked, 80)).toMatchInlineSnapshot(`
      "lamp 2026.11.0
      In the field: app 2.0.0; lamp (none seen)

      There is no safe order. These rule every one out:
      THIS       AND THIS     ARE
      app@1.4.0  lamp@2.0.0   incompatible
          app@1.4.0 requires lamp <2.0.0, which does not hold; lamp@2.0.0 requires app
          >=2.0.0, which does not hold
      app@2.0.0  cloud@5.1.0  unknown
          neither says anything about the other

      Any one of these would make one; each was planned to the end:
        1. Let app 2.0.0 update lamp 1.3.0, and say so with bridges (5 steps)
        2. Raise the floor of app to 1.4.0 (1 step)"
    `);
    const none = { ...blocked, blocked: { ...blocked.blocked!, repairs: [] } };
    expect(planText(none, 80)).toContain("No single change that was tried would make one.");
  });

  test("says when there is nothing to do", () => {
    expect(planText(nothing, 80)).toBe(
      "lamp 2026.11.0\nIn the field: app 2.0.0; lamp (none seen)\n\nNothing to do: the field is on this release already.",
    );
  });

  test("lets nothing of a version or a reason reach the terminal but its letters", () => {
    const evil = "9.9.9\u001b[2J\u001b]0;owned\u0007\u202e\nx";
    const pair = { a: `app@${evil}`, b: "lamp@1.0.0", verdict: "unknown", evidence: evil } as const;
    const hostile: Plan = {
      ...plan,
      product: evil,
      field: { lamp: [evil] },
      broken: [pair],
      stuck: [{ component: "lamp", version: evil, why: evil }],
      steps: [
        step({
          id: "s1",
          component: "lamp",
          version: evil,
          replaces: [evil],
          guard: { app: evil },
          why: evil,
        }),
      ],
    };
    const repairs = [{ kind: "floor", change: evil, steps: 2 }] as const;
    for (const text of [
      planText(hostile, 80),
      planText({ ...hostile, feasible: false, steps: [], blocked: { pairs: [pair], repairs } }, 80),
    ]) {
      // oxlint-disable-next-line no-control-regex -- what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(text).not.toContain("owned");
      expect(text).not.toMatch(/^x/m);
    }
  });
});
