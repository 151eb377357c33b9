import { expect, test } from "vitest";
import { simulateMany } from "../support/simulation/many-seeds.ts";

// The other half of the seeds is in the file beside this one, so that two processes share them.
test(
  "nothing breaks an invariant in any rollout, and every ending and all trouble is among them",
  {
    timeout: 900_000,
  },
  async () => {
    const { counts, seeds } = await simulateMany(0);
    const shareOf = (what: string): number => (counts[what] ?? 0) / seeds;
    for (const what of often) expect(shareOf(what), what).toBeGreaterThan(1 / 50);
    for (const what of sometimes) expect(shareOf(what), what).toBeGreaterThan(1 / 500);
  },
);

const often = [
  "completed",
  "failed",
  "rolled-back",
  "aborted",
  "completed with hops",
  "completed in lockstep",
  "completed with a stuck generation",
  "killed",
  "frozen",
  "lost its turn",
  "two at once",
  "spoke in a turn",
  "server restarted",
  "clock jumped",
  "joined",
  "retried",
  "denied",
  "bake-skipped",
];
const sometimes = ["cut in the middle of a batch", "a large fleet"];
