import { describe, expect, it } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { advance, readRollout, tell } from "../../src/rollout/advance.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { MemoryJournal, MemoryJournals } from "../support/memory-journal.ts";
import { away, ModelWorld, type WorldOptions } from "../support/model-world.ts";
import { hourMs, makeScenario, randomFor, startMs } from "../support/rollout-scenario.ts";
import { thrownBy } from "../support/thrown-by.ts";

const scenario = makeScenario(randomFor(5, 1), { healthy: true });

function makeWorld(more: Partial<WorldOptions> = {}): ModelWorld {
  return new ModelWorld({
    random: randomFor(1, 2),
    devices: makeScenario(randomFor(5, 1), { healthy: true }).devices,
    services: scenario.services,
    offered: scenario.offered,
    compatible: () => true,
    devicesJudge: true,
    storeCounts: true,
    strike: () => {},
    recordsWritten: () => 0,
    refusals: 0,
    startMs,
    ...more,
  });
}

const begin = (journals = new MemoryJournals()): Promise<MemoryJournal> =>
  startRollout(journals, scenario.config, startMs) as Promise<MemoryJournal>;
const keysOf = (journal: MemoryJournal): string[] => journal.records.flatMap(({ effects }) => effects);

describe("startRollout", () => {
  it("writes down all there is to know and the first things to do", async () => {
    const journals = new MemoryJournals();
    const journal = await begin(journals);
    const state = await readRollout(journal);
    expect(state.config).toMatchObject({ rolloutId: journal.rolloutId, plan: scenario.config.plan });
    expect(keysOf(journal)).toEqual(state.pending.map(({ key }) => key));
    expect((await begin(journals)).rolloutId).toBe(`${journal.rolloutId}-2`);
  });
});

describe("advance", () => {
  it("writes a decision down before it does it, and its outcome after", async () => {
    const order: string[] = [];
    const strike = (moment: string, what: string): void => {
      if (moment === "after" && ["append", "publish", "expose", "deploy", "assign"].includes(what))
        order.push(what);
    };
    const journal = await begin(new MemoryJournals(strike));
    const world = makeWorld({ strike });
    await world.pass(hourMs);
    await advance(journal, world.ports);
    const doing = order.filter((what) => what !== "append").length;
    expect(doing).toBeGreaterThan(0);
    expect(order.join(" ")).not.toMatch(/(publish|expose|deploy|assign) (publish|expose|deploy|assign)/);
    expect(order.at(-1)).toBe("append");
    const done = journal.records.flatMap(({ event }) => (event.type === "effect-done" ? [event.key] : []));
    expect(done.toSorted()).toEqual(keysOf(journal).toSorted());
  });

  it("writes nothing when nothing has changed", async () => {
    const journal = await begin();
    const world = makeWorld();
    await advance(journal, world.ports);
    await advance(journal, world.ports);
    const before = journal.records.length;
    await advance(journal, world.ports);
    expect(journal.records).toHaveLength(before);
  });

  it("keeps what is pending when a remote is away, and does it when it is back", async () => {
    let isAway = false;
    const strike = (moment: string, what: string): void => {
      if (isAway && moment === "before" && ["publish", "deploy"].includes(what)) throw away();
    };
    const journal = await begin();
    const world = makeWorld({ strike });
    isAway = true;
    const error = await thrownBy(() => advance(journal, world.ports));
    expect(error.code).toBe("IOT_FLEET_UNREACHABLE");
    expect(world.deeds).toEqual([]);
    isAway = false;
    expect((await advance(journal, world.ports)).pending).toEqual([]);
    expect(world.deeds.length).toBeGreaterThan(0);
  });

  it("takes a refusal for an answer and stops", async () => {
    const journal = await begin();
    const state = await advance(journal, makeWorld({ refusals: 1 }).ports);
    expect(state).toMatchObject({ status: "failed", failure: { gate: null } });
    expect(journal.records.at(-1)?.event.type).toBe("effect-failed");
  });

  it("does not take a bug for a refusal", async () => {
    const journal = await begin();
    const strike = (): void => {
      throw new TypeError("a bug");
    };
    await expect(advance(journal, makeWorld({ strike }).ports)).rejects.toThrow("a bug");
    expect((await readRollout(journal)).status).not.toBe("failed");
  });

  it("refuses a journal that does not begin with a start", async () => {
    const journal = new MemoryJournal("empty");
    expect((await thrownBy(() => advance(journal, makeWorld().ports))).code).toBe("IOT_JOURNAL_DAMAGED");
    expect(await thrownBy(() => readRollout(journal))).toBeInstanceOf(IotctlError);
  });
});

describe("tell", () => {
  it("writes down what changes something, and nothing else", async () => {
    const journal = await begin();
    const before = journal.records.length;
    await tell(journal, { type: "resumed", by: "ann", reason: "" }, startMs);
    expect(journal.records).toHaveLength(before);
    expect((await tell(journal, { type: "paused", by: "ann", reason: "" }, startMs)).status).toBe("paused");
    expect(journal.records).toHaveLength(before + 1);
  });
});
