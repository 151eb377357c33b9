import { expect, it } from "vitest";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { fanConfig, planOf } from "../support/fan-rollout.ts";

it("lets nothing pass at a gate that a release which could not be read may speak against", () => {
  const config = fanConfig({ plan: planOf("introduce fan 2.0.0") });
  const fan = { component: "fan", version: "2.0.0" };
  const unheardOf = { component: "app", version: "9.9.9" };
  const before = relationOf(config).verdict(fan, unheardOf);
  const after = relationOf({ ...config, leftOut: ["2026.9.0"] }).verdict(fan, unheardOf);
  expect([before.kind, after.kind]).toEqual(["compatible", "unknown"]);
  expect(after.evidence).toContainEqual({ kind: "left-out", releases: ["2026.9.0"] });
});
