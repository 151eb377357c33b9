import { expect, test } from "vitest";
import { rolloutText } from "../../src/cli/render/rollout-text.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import { fanConfig, started } from "../support/fan-rollout.ts";

test.each([
  ["local", "iotctl rollout watch fan-1"],
  ["production", "iotctl rollout watch fan-1 --env production"],
])("what is to be typed next is for the environment of the rollout: %s", (environment, command) => {
  const text = rolloutText(describeRollout(started(fanConfig({ environment })), 0), 0);
  expect(text.split("\n").at(-1)).toBe(`Next: ${command}`);
});
