import { readFileSync } from "node:fs";
import { advance, tell } from "../../../src/rollout/advance.ts";
import { decide } from "../../../src/rollout/engine/decide.ts";
import { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import { LiveRollout } from "../../../src/rollout/live-rollout.ts";
import { startRollout } from "../../../src/rollout/start-rollout.ts";
import { type RolloutCode, simulateRollout, type SimulationResult } from "./simulate-rollout.ts";

/** The rollout engine as it is. */
export const engine: RolloutCode = { advance, decide, describeRollout, LiveRollout, startRollout, tell };

const seedsPerFile = Math.ceil(Number(process.env["SIMULATION_SEEDS"] ?? 10_000) / 2);
const firstSeed = Number(process.env["SIMULATION_FIRST_SEED"] ?? 1);

/** What became of many rollouts, without what each of them was about. */
export interface Summary {
  readonly seeds: number;
  /** How many ended how, went through what, and were about what. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Simulates one half of all seeds, and those first that failed once (`seeds.json`). What breaks is
 * told with the command that replays it.
 */
export async function simulateMany(half: 0 | 1): Promise<Summary> {
  const failedOnce = JSON.parse(
    readFileSync(new URL("../../simulation/seeds.json", import.meta.url), "utf8"),
  ) as { seed: number }[];
  const seeds = [
    ...failedOnce.map(({ seed }) => seed),
    ...Array.from({ length: seedsPerFile }, (_, index) => firstSeed + 2 * index + half),
  ];
  const counts: Record<string, number> = {};
  for (const seed of seeds) {
    for (const what of traitsOf(await simulateOne(seed))) counts[what] = (counts[what] ?? 0) + 1;
  }
  return { seeds: seeds.length, counts };
}

async function simulateOne(seed: number): Promise<SimulationResult> {
  try {
    return await simulateRollout(seed, engine);
  } catch (error) {
    throw new Error(`${String(error)}\nReplay it: npm run sim -- --seed ${seed} --verbose`, { cause: error });
  }
}

function traitsOf({ devices, events, plan, status }: SimulationResult): string[] {
  const taken = plan.steps.filter(({ action, staged }) => action === "introduce" && !staged);
  const hasHops = new Set(taken.map(({ component }) => component)).size < taken.length;
  return [
    status,
    ...Object.keys(events),
    ...(devices >= 1000 ? ["a large fleet"] : []),
    ...(status === "completed" && hasHops ? ["completed with hops"] : []),
    ...(status === "completed" && plan.steps.some(({ staged }) => staged) ? ["completed in lockstep"] : []),
    ...(status === "completed" && plan.stuck.length > 0 ? ["completed with a stuck generation"] : []),
  ];
}
