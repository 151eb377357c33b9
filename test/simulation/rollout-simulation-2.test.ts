import { expect, test } from "vitest";
import { simulateMany } from "../support/simulation/many-seeds.ts";

test("nothing breaks an invariant in the other half of the rollouts", { timeout: 900_000 }, async () => {
  expect((await simulateMany(1)).seeds).toBeGreaterThan(0);
});
