import { describe, expect, it } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { advance, readRollout, tell } from "../../src/rollout/advance.ts";
import type { TurnHold } from "../../src/rollout/journal/journal.ts";
import { turnLost } from "../../src/rollout/journal/rollout-locked.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { MemoryJournal, MemoryJournals } from "../support/memory-journal.ts";
import type { PortsOptions } from "../support/simulation/model-ports.ts";
import { QuietField, quietScenario } from "../support/simulation/quiet-field.ts";
import { hourMs } from "../support/simulation/settings.ts";
import { away } from "../support/simulation/trouble.ts";
import { thrownBy } from "../support/thrown-by.ts";

const scenario = quietScenario();
const startMs = scenario.startMs;

function makeField(more: Partial<PortsOptions> = {}): QuietField {
  return new QuietField(quietScenario(), more);
}

const begin = (journals = new MemoryJournals()): Promise<MemoryJournal> =>
  startRollout(journals, scenario.config, startMs) as Promise<MemoryJournal>;

/** A journal whose turn is another's from some moment on. */
class LosableJournal extends MemoryJournal {
  isLost = false;

  constructor({ records, rolloutId }: MemoryJournal) {
    super(rolloutId);
    this.records.push(...records);
  }

  override turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    const assertHeld = (): void => {
      if (this.isLost) throw turnLost(this.rolloutId);
    };
    return super.turn(() => work({ assertHeld }));
  }
}

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
    const world = makeField({ strike });
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
    const { ports } = makeField();
    await advance(journal, ports);
    await advance(journal, ports);
    const before = journal.records.length;
    await advance(journal, ports);
    expect(journal.records).toHaveLength(before);
  });

  it("keeps what is pending when a remote is away, and does it when it is back", async () => {
    let isAway = false;
    const strike = (moment: string, what: string): void => {
      if (isAway && moment === "before" && ["publish", "deploy"].includes(what)) throw away();
    };
    const journal = await begin();
    const world = makeField({ strike });
    isAway = true;
    const error = await thrownBy(() => advance(journal, world.ports));
    expect(error.code).toBe("IOT_FLEET_UNREACHABLE");
    expect(world.deeds).toEqual([]);
    isAway = false;
    expect((await advance(journal, world.ports)).pending).toEqual([]);
    expect(world.deeds.length).toBeGreaterThan(0);
  });

  it("decides nothing in a turn that was lost while it looked", async () => {
    const journal = new LosableJournal(await begin());
    const strike = (moment: string, what: string): void => {
      if (moment === "after" && what === "status") journal.isLost = true;
    };
    const before = journal.records.length;
    const error = await thrownBy(() => advance(journal, makeField({ strike }).ports));
    expect(error.code).toBe("IOT_ROLLOUT_LOCKED");
    expect(journal.records).toHaveLength(before);
  });

  it("assigns nothing in a turn that was lost on the way, and does not take that for a failure", async () => {
    const journal = new LosableJournal(await begin());
    const strike = (moment: string, what: string): void => {
      if (moment === "after" && what === "ensureAttestation") journal.isLost = true;
    };
    const world = makeField({ strike });
    const error = await thrownBy(async () => {
      for (let turn = 0; turn < 20; turn++) {
        await advance(journal, world.ports);
        await world.pass(hourMs);
      }
    });
    expect(error.code).toBe("IOT_ROLLOUT_LOCKED");
    expect(world.deeds.filter(({ kind }) => kind === "assign")).toEqual([]);
    expect((await readRollout(journal)).failure).toBeNull();
  });

  it("takes a refusal for an answer and stops", async () => {
    const journal = await begin();
    const state = await advance(journal, makeField({ refusals: 1 }).ports);
    expect(state).toMatchObject({ status: "failed", failure: { gate: null } });
    expect(journal.records.at(-1)?.event.type).toBe("effect-failed");
  });

  it("does not take a bug for a refusal", async () => {
    const journal = await begin();
    const strike = (): void => {
      throw new TypeError("a bug");
    };
    await expect(advance(journal, makeField({ strike }).ports)).rejects.toThrow("a bug");
    expect((await readRollout(journal)).status).not.toBe("failed");
  });

  it("refuses a journal that does not begin with a start", async () => {
    const journal = new MemoryJournal("empty");
    expect((await thrownBy(() => advance(journal, makeField().ports))).code).toBe("IOT_JOURNAL_DAMAGED");
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
