import { describe, expect, it } from "vitest";
import { readRollout, tell } from "../../src/rollout/advance.ts";
import { controlRollouts } from "../../src/rollout/controller.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { QuietField, quietScenario } from "../support/simulation/quiet-field.ts";
import { hourMs, minuteMs } from "../support/simulation/settings.ts";

const scenario = quietScenario();
const { startMs } = scenario;

interface Controlling {
  readonly journals: MemoryJournals;
  readonly world: QuietField;
  readonly said: readonly string[];
  /** Lets time go by, with polls and turns, until it has had enough. */
  readonly go: (hours: number, until?: () => Promise<boolean>) => Promise<void>;
  readonly end: () => Promise<void>;
}

function control(): Controlling {
  const journals = new MemoryJournals();
  const world = new QuietField(quietScenario());
  const stop = new AbortController();
  const said: string[] = [];
  const running = controlRollouts({
    journals,
    ports: world.ports,
    clock: world.clock,
    intervalMs: minuteMs,
    signal: stop.signal,
    log: (line) => said.push(line),
  });
  return {
    journals,
    world,
    said,
    async go(hours, until = () => Promise.resolve(false)) {
      for (let step = 0; step < hours * 4 && !(await until()); step++) await world.pass(hourMs / 4);
    },
    async end() {
      stop.abort();
      await running;
    },
  };
}

const approveAll = async (journals: MemoryJournals, id: string, atMs: number): Promise<void> => {
  const { config } = await readRollout(journals.open(id));
  for (const { name } of config.stages) {
    for (const by of ["ann", "bob", "carol"]) {
      const { planDigest } = config;
      await tell(journals.open(id), { type: "approved", stage: name, planDigest, by, reason: "" }, atMs);
    }
  }
};

describe("the controller", () => {
  it("brings a rollout to its end, and says how it goes once for each change", async () => {
    const { end, go, journals, said, world } = control();
    const { rolloutId } = await startRollout(journals, scenario.config, startMs);
    await approveAll(journals, rolloutId, startMs);
    const status = async (): Promise<string> => (await readRollout(journals.open(rolloutId))).status;
    await go(200, async () => (await status()) === "completed");
    await end();
    expect(await status()).toBe("completed");
    expect(said[0]).toBe(`${rolloutId}: running`);
    expect(said.at(-1)).toBe(`${rolloutId}: completed`);
    expect(new Set(said).size).toBe(said.length);
    expect(world.deeds.length).toBeGreaterThan(0);
  });

  it("is kept from no rollout by another that is in trouble or somebody else's", async () => {
    const { end, go, journals, said } = control();
    const product = { ...scenario.config.resolved, product: "another" };
    const damaged = await startRollout(journals, { ...scenario.config, resolved: product }, startMs);
    const good = await startRollout(journals, scenario.config, startMs + 1);
    const { records } = journals.open(damaged.rolloutId);
    records[0] = { ...records[0]!, event: { type: "resumed", by: "", reason: "" } };
    await journals.open(good.rolloutId).turn(async () => go(1));
    expect(said).toContainEqual(expect.stringContaining("does not begin with its start"));
    expect(said).toContainEqual(expect.stringContaining("Another process has its turn"));
    const before = journals.open(good.rolloutId).records.length;
    await go(1);
    await end();
    expect(journals.open(good.rolloutId).records.length).toBeGreaterThan(before);
    expect(said.filter((line) => line.startsWith(damaged.rolloutId))).toHaveLength(1);
  });

  it("leaves a rollout alone that a later one of its product took over from", async () => {
    const { end, go, journals } = control();
    const first = await startRollout(journals, scenario.config, startMs);
    await tell(first, { type: "aborted", by: "ann", reason: "" }, startMs + 1);
    const second = await startRollout(journals, scenario.config, startMs + 2);
    await go(1);
    await tell(first, { type: "rollback-requested", by: "ann", reason: "" }, startMs + 3);
    const before = journals.open(first.rolloutId).records.length;
    await go(1);
    await end();
    expect(journals.open(first.rolloutId).records).toHaveLength(before);
    expect(journals.open(second.rolloutId).records.length).toBeGreaterThan(1);
  });
});
