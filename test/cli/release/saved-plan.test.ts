import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlanBasis } from "../../../src/cli/release/plan-basis.ts";
import { readSavedPlan, writeSavedPlan } from "../../../src/cli/release/saved-plan.ts";
import type { VersionFacts } from "../../../src/compat/relation.ts";
import type { Plan, PlanStep, Repair } from "../../../src/planner/plan.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

// Everything a plan can say; a member that is new in the types has to be put in here, and then be read.
const step: Required<PlanStep> = {
  id: "s1",
  action: "introduce",
  component: "fan",
  version: "2.0.0",
  replaces: ["1.8.0"],
  guard: { app: ">=4.2.0" },
  reversible: true,
  staged: true,
  floor: "1.8.0",
  why: "because",
};
const facts: Required<VersionFacts> = {
  component: "fan",
  kind: "firmware",
  version: "2.0.0",
  requires: { app: ">=4.1.0" },
  installsOver: "<2.0.0",
  hardware: ["fan-a1"],
  installable: true,
  bridges: { fan: ">=1.0.0" },
  stuck: "no room",
  keepsVersions: true,
  securityCounter: 3,
};
const kinds: Record<Repair["kind"], true> = {
  artifact: true,
  bridges: true,
  "bridging-firmware": true,
  floor: true,
  "installs-over": true,
  pairing: true,
  requires: true,
  "tolerant-app": true,
};
const pair = { a: "app@1.0.0", b: "fan@1.0.0", verdict: "unknown", evidence: "" } as const;
const plan: Required<Plan> = {
  schemaVersion: 1,
  feasible: false,
  product: "fan",
  release: "1.0.0",
  field: { fan: ["1.8.0"], app: [] },
  broken: [{ ...pair, verdict: "incompatible" }],
  stuck: [{ component: "fan", version: "1.0.0", why: "" }],
  steps: [step, { ...step, id: "s2", action: "retire", guard: null }],
  blocked: {
    pairs: [pair],
    repairs: Object.keys(kinds).map((kind) => ({
      kind: kind as Repair["kind"],
      change: "Change it",
      steps: 0,
    })),
  },
};
const digest = `sha256:${"a".repeat(64)}`;
const basis: Required<PlanBasis> = {
  manifest: digest,
  facts: [facts],
  pairing: "observed",
  field: "given",
  hardware: { fan: { "1.8.0": ["fan-a1"] } },
  index: digest,
  leftOut: ["0.8.0"],
  releases: { "0.9.0": digest },
};

test("a plan with everything a plan can say is read as it was written", () => {
  const path = join(temporaryDirectory(), "plan.json");
  writeSavedPlan(path, plan, basis);
  expect(readSavedPlan(path)).toEqual({ plan, basis });
});

test("what is wrong with a file is said with its place", () => {
  const path = join(temporaryDirectory(), "plan.json");
  writeFileSync(path, JSON.stringify({ ...plan, basis, steps: [{ ...step, action: "destroy" }] }));
  expect(() => readSavedPlan(path)).toThrow(/is not a saved plan[\s\S]*steps\[0\]\.action/);
});
