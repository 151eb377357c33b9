import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VersionFacts } from "../../src/compat/relation.ts";
import type { Plan, PlanStep } from "../../src/planner/plan.ts";
import { fact } from "../support/facts.ts";
import { cheapestPlan } from "./brute-force.ts";
import { planCost, planViolations } from "./check-plan.ts";
import { flavours, type PlanQuestion, planQuestions, planRequest } from "./random-requests.ts";
import { witnessPlan } from "./witness-plan.ts";

const unsaid = { broken: [], stuck: [] };
/** The witness says nothing of what is broken or stuck, so the checker is not asked about that. */
const violations = (question: PlanQuestion, plan: Plan): string[] =>
  planViolations(planRequest(question), plan).filter((problem) => !/^(broken|stuck) is/.test(problem));

const twoAppsApart: VersionFacts[] = [
  fact("app", "1.0.0", { requires: { fan: "1.0.0 || 2.0.0" } }),
  fact("app", "2.0.0", { requires: { fan: "2.0.0" } }),
  fact("fan", "1.0.0"),
  fact("fan", "2.0.0"),
];
const question: PlanQuestion = {
  facts: twoAppsApart,
  live: { app: ["1.0.0"], fan: ["1.0.0"] },
  target: { app: "2.0.0", fan: "2.0.0" },
  pairing: "arbitrary",
};
const witness = witnessPlan(planRequest(question), cheapestPlan(planRequest(question))!, unsaid);

describe("the brute force", () => {
  it("answers by hand-made examples", () => {
    expect(
      witness.steps.map(({ action, component, version }) => `${action} ${component} ${version}`),
    ).toEqual(["introduce fan 2.0.0", "retire fan 1.0.0", "introduce app 2.0.0", "retire app 1.0.0"]);
    const apart = twoAppsApart.map((each) =>
      each.component === "app" ? { ...each, requires: { fan: each.version } } : each,
    );
    expect(cheapestPlan(planRequest({ ...question, facts: apart }))).toBeNull();
    const bridged = apart.map((each) =>
      each.component === "app" ? { ...each, bridges: { fan: "*" } } : each,
    );
    expect(cheapestPlan(planRequest({ ...question, facts: bridged, pairing: "observed" }))).toMatchObject({
      cost: { lockstep: 1, appIntroductions: 1, awaitedAppRetirements: 0, intermediates: 0 },
    });
    expect(cheapestPlan(planRequest({ ...question, facts: bridged }))).toBeNull();
  });

  it("finds plans that the checker has nothing against", { timeout: 60_000 }, () => {
    let checked = 0;
    const questions = fc.oneof(...Object.values(flavours).map(planQuestions));
    fc.assert(
      fc.property(questions, (asked) => {
        const request = planRequest(asked);
        const best = cheapestPlan(request);
        if (!best) return;
        checked++;
        const plan = witnessPlan(request, best, unsaid);
        expect(violations(asked, plan)).toEqual([]);
        expect(planCost(plan, request)).toEqual(best.cost);
      }),
      { numRuns: 2000, seed: 20_261_122 },
    );
    expect(checked).toBeGreaterThan(150);
  });
});

describe("the checker of plans", () => {
  const [offer, drain, publish, end] = witness.steps as [PlanStep, PlanStep, PlanStep, PlanStep];
  const inOrder = (steps: readonly PlanStep[]): Plan => ({
    ...witness,
    steps: steps.map((step, index) => ({ ...step, id: `s${index + 1}` })),
  });
  const guard = { app: ">=2.0.0" };

  it.each<[string, readonly PlanStep[], string]>([
    ["a pair that may meet", [offer, publish, drain, end], "app@2.0.0: does not bridge fan@1.0.0"],
    ["a version that is left", [offer, drain, publish], "app ends on 1.0.0,2.0.0"],
    ["a retirement with no place to go", [drain, offer, publish, end], "has nowhere to go"],
    ["a step made twice", [offer, offer, drain, publish, end], "is introduced twice"],
    ["a guard for nothing", [{ ...offer, guard }, drain, publish, end], "guards against app, not nothing"],
    ["a floor for nothing", [offer, drain, publish, { ...end, floor: "2.0.0" }], "names a floor"],
    ["what a step replaces", [{ ...offer, replaces: [] }, drain, publish, end], "replaces , not 1.0.0"],
    [
      "an app that could be taken back",
      [offer, drain, { ...publish, reversible: true }, end],
      "cannot be taken back",
    ],
    [
      "what is staged for nothing",
      [{ ...offer, staged: true }, offer, drain, publish, end],
      "pairing is not observed",
    ],
  ])("sees %s", (_, steps, problem) => {
    expect(violations(question, inOrder(steps)).join("\n")).toContain(problem);
  });

  it("sees a guard that is not what the gate of a device does", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const asked: PlanQuestion = {
      ...question,
      facts,
      live: { app: ["1.0.0", "2.0.0"], fan: ["1.0.0"] },
      pairing: "observed",
    };
    const plan = witnessPlan(planRequest(asked), cheapestPlan(planRequest(asked))!, unsaid);
    expect(violations(asked, plan)).toEqual([]);
    const wider = plan.steps.map((step) => (step.guard ? { ...step, guard: { app: "*" } } : step));
    expect(violations(asked, { ...plan, steps: wider }).join("\n")).toContain("disagree with the gate");
    const none = plan.steps.map((step) => ({ ...step, guard: null }));
    expect(violations(asked, { ...plan, steps: none }).join("\n")).toContain(
      "guards against nothing, not app",
    );
  });

  it("sees what a plan keeps back about the field", () => {
    const asked: PlanQuestion = { ...question, live: { app: ["1.0.0", "2.0.0"], fan: ["1.0.0"] } };
    expect(planViolations(planRequest(asked), { ...witness, field: asked.live }).join("\n")).toContain(
      "broken is [], not [app@2.0.0 fan@1.0.0]",
    );
  });
});
