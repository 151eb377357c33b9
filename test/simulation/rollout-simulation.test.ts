import { expect, test } from "vitest";
import { advance, tell } from "../../src/rollout/advance.ts";
import { decide } from "../../src/rollout/engine/decide.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { simulateRollout, type SimulationResult } from "../support/simulate-rollout.ts";

const seeds = Number(process.env["SIMULATION_SEEDS"] ?? 500);
const firstSeed = Number(process.env["SIMULATION_FIRST_SEED"] ?? 1);

test(
  `nothing breaks an invariant in ${seeds} rollouts, and every ending is among them`,
  { timeout: 600_000 },
  async () => {
    const results: SimulationResult[] = [];
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      try {
        results.push(await simulateRollout(seed, { advance, tell, decide, startRollout }));
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    const endings = Object.fromEntries(
      [...Map.groupBy(results, ({ status }) => status)].map(([status, those]) => [status, those.length]),
    );
    for (const status of ["completed", "failed", "rolled-back", "aborted"]) {
      expect(endings[status], status).toBeGreaterThan(seeds / 50);
    }
    const completed = results.filter(({ status }) => status === "completed").map(({ plan }) => plan);
    const hops = completed.filter(({ steps }) => {
      const taken = steps.filter(({ action, staged }) => action === "introduce" && !staged);
      return new Set(taken.map(({ component }) => component)).size < taken.length;
    });
    expect(hops.length, "with hops").toBeGreaterThan(seeds / 25);
    const staged = completed.filter(({ steps }) => steps.some((step) => step.staged));
    expect(staged.length, "with staged images").toBeGreaterThan(seeds / 25);
    expect(completed.filter(({ stuck }) => stuck.length > 0).length, "stuck").toBeGreaterThan(seeds / 50);
    expect(results.filter(({ kills }) => kills > 0).length).toBeGreaterThan(seeds / 5);
  },
);
