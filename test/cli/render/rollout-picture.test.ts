import { beforeEach, describe, expect, it, vi } from "vitest";
import { rolloutPicture } from "../../../src/cli/render/rollout-picture.ts";
import { describeRollout, type RolloutView } from "../../../src/rollout/engine/describe-rollout.ts";
import { hourMs } from "../../support/fan-rollout.ts";
import { canaryGood, canaryUnderWay, night, nightMs, said } from "../../support/night-rollout.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  return () => vi.unstubAllEnvs();
});

const underWay = describeRollout(night([canaryUnderWay]), nightMs + 0.5 * hourMs);
const people = [
  canaryUnderWay,
  canaryGood,
  [2.5, said("approved", "ann")],
  [2.5, said("denied", "bert")],
] as const;
const waiting = describeRollout(night(people), nightMs + 3 * hourMs);

describe("what is drawn over and over", () => {
  it("has bars, gates and what is waited for", () => {
    expect(rolloutPicture(underWay, 200).join("\n")).toMatchInlineSnapshot(`
      "stage canary: 7 updated, 2 updating, 1 failed, 1 waiting
      cloud 5.2.0  ████████████████████████ 100%
      fan 2.0.0    ████░░░░░░░░░░░░░░░░░░░░  20%
      app 4.2.0    ░░░░░░░░░░░░░░░░░░░░░░░░   0%
      ? gate updated of fan 2.0.0: undecided, 7 of 8 devices good, 2 more needed if no other fails (limit 40%)
      ? gate crashes of fan 2.0.0: undecided, 119 of 120 counted good, 523 more needed if no other fails (limit 1%)
      ? gate latency (dry run): undecided, 0.3123, at most 0.5, 1 of 3 good in a row
      waits for gate updated: 7 of 8 devices good, 2 more needed if no other fails
      waits for gate crashes: 119 of 120 counted good, 523 more needed if no other fails
      waits for its bake time until 2026-11-22 11:00 UTC
      waits for 2 devices to finish
      32 without the new fan, 3 of them asleep"
    `);
  });

  it("has the people who were asked", () => {
    expect(rolloutPicture(waiting, 200)).toContain("1 of 2 approvals of fleet: ann, denied by bert");
  });

  it("fits a small terminal, however much there is to say", () => {
    const many = <Item>(items: readonly Item[]): Item[] => Array.from({ length: 9 }, () => items).flat();
    const large: RolloutView = {
      ...waiting,
      steps: many(waiting.steps).map((step) => ({
        ...step,
        component: `${step.component}-of-a-very-long-name`,
      })),
      gates: many(waiting.gates),
      waits: many(waiting.waits),
    };
    for (const columns of [60, 76, 200]) {
      const lines = rolloutPicture(large, columns);
      expect(lines.length).toBeLessThanOrEqual(21);
      expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns);
      expect(lines.at(-1)).toMatch(/^and \d+ more lines: iotctl rollout status$/);
    }
  });
});
