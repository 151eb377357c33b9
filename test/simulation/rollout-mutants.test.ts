import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import * as errors from "../../src/base/errors.ts";
import { readText, repositoryRoot } from "../support/repository.ts";
import { InvariantBroken } from "../support/simulation/invariant-broken.ts";
import { deviceMutants } from "../support/simulation/mutants/device-mutants.ts";
import { gateMutants } from "../support/simulation/mutants/gate-mutants.ts";
import { journalMutants } from "../support/simulation/mutants/journal-mutants.ts";
import type { Module, Mutant, Mutants } from "../support/simulation/mutants/mutant.ts";
import { peopleMutants } from "../support/simulation/mutants/people-mutants.ts";
import { scenarioOf } from "../support/simulation/scenario.ts";
import { type RolloutCode, simulateRollout } from "../support/simulation/simulate-rollout.ts";

/**
 * The simulation must be able to fail: each mutant makes one wrong decision and has to be caught by an
 * invariant within some seeds.
 */
const seedsMax = 2000;

const mutants: Mutants = { ...gateMutants, ...peopleMutants, ...deviceMutants, ...journalMutants };

/** Where each was caught last; these are asked first. `UPDATE=1` looks for them anew. */
const seedsPath = "test/simulation/mutant-seeds.json";
const caughtBy = JSON.parse(readText(seedsPath)) as Readonly<Record<string, number>>;
const found: Record<string, number> = {};

test.for(Object.entries(mutants))("is caught: %s", { timeout: 240_000 }, async ([name, mutant]) => {
  const { module, mutation } = mutant;
  vi.resetModules();
  // The world throws what the engine has to recognise.
  vi.doMock("../../src/base/errors.ts", () => errors);
  const file = `../../src/${module}`;
  if (module && mutation) {
    vi.doMock(file, async (importOriginal) => {
      const original = await importOriginal<Module>();
      return { ...original, ...mutation(original) };
    });
  }
  try {
    const seed = await firstCaught(await loadCode(), mutant, caughtBy[name]);
    expect(seed).not.toBeNull();
    found[name] = seed ?? 0;
  } finally {
    if (module) vi.doUnmock(file);
  }
});

afterAll(() => {
  if (process.env["UPDATE"] === "1")
    writeFileSync(join(repositoryRoot, seedsPath), `${JSON.stringify(found, null, 2)}\n`);
});

async function loadCode(): Promise<RolloutCode> {
  const { advance, tell } = await import("../../src/rollout/advance.ts");
  const { decide } = await import("../../src/rollout/engine/decide.ts");
  const { describeRollout } = await import("../../src/rollout/engine/describe-rollout.ts");
  const { LiveRollout } = await import("../../src/rollout/live-rollout.ts");
  const { startRollout } = await import("../../src/rollout/start-rollout.ts");
  return { advance, decide, describeRollout, LiveRollout, startRollout, tell };
}

async function firstCaught(
  engine: RolloutCode,
  { about, rewire }: Mutant,
  known: number | undefined,
): Promise<number | null> {
  const code = rewire ? rewire(engine) : engine;
  const isUpdate = process.env["UPDATE"] === "1";
  if (known !== undefined && !isUpdate && (await isCaught(code, known))) return known;
  for (let seed = 1; seed <= seedsMax; seed++) {
    if (about && !about(scenarioOf(seed).config.plan)) continue;
    if (await isCaught(code, seed)) return seed;
  }
  return null;
}

async function isCaught(code: RolloutCode, seed: number): Promise<boolean> {
  try {
    await simulateRollout(seed, code);
    return false;
  } catch (error) {
    if (!(error instanceof InvariantBroken)) throw error;
    if (process.env["SHOW"]) console.log(seed, error.message);
    return true;
  }
}
