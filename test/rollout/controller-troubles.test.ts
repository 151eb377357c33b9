import { expect, it, onTestFinished } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { advance, readRollout, tell } from "../../src/rollout/advance.ts";
import { controlRollouts } from "../../src/rollout/controller.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { device } from "../support/fan-rollout.ts";
import { type MemoryJournal, MemoryJournals } from "../support/memory-journal.ts";
import { quickConfig, SmallField } from "../support/small-field.ts";

const minuteMs = 60_000;
const word = { by: "ann", reason: "" };

/** A field and journals; `control` lets the controller go on from there. */
function make() {
  const field = new SmallField(5);
  const journals = new MemoryJournals();
  const said: string[] = [];
  return {
    field,
    journals,
    said,
    begin: async (version = "1.0.0", product = "fan"): Promise<MemoryJournal> => {
      const { rolloutId } = await startRollout(journals, quickConfig(version, product), field.clock.now());
      return journals.open(rolloutId);
    },
    complete: async (journal: MemoryJournal): Promise<void> => {
      for (let turn = 0; turn < 6; turn++) {
        await advance(journal, field.ports);
        await field.clock.advance(11 * minuteMs);
        field.updateAll();
      }
      expect((await readRollout(journal)).status).toBe("completed");
      field.calls.length = 0;
    },
    control: async (): Promise<void> => {
      const stop = new AbortController();
      const { clock, ports } = field;
      const log = (line: string): void => void said.push(line);
      const running = controlRollouts({
        journals,
        ports,
        clock,
        intervalMs: minuteMs,
        signal: stop.signal,
        log,
      });
      onTestFinished(async () => {
        stop.abort();
        await running;
      });
      await clock.advance(0);
    },
  };
}

function away(): never {
  throw new IotctlError("IOT_FLEET_UNREACHABLE", "it is away");
}

/** Lets nobody read a journal until that is undone. */
function hide(journal: MemoryJournal): () => void {
  const read = journal.read.bind(journal);
  journal.read = async () => away();
  return () => void (journal.read = read);
}

it("finishes what a rollout was to stop that was aborted between two turns", async () => {
  const { begin, control, field } = make();
  const journal = await begin();
  await control();
  expect(field.calls).toEqual(["assign fan-1.0.0:fan@2.0.0 d0,d1,d2,d3,d4"]);
  await tell(journal, { type: "aborted", ...word }, field.clock.now());
  await field.clock.advance(minuteMs);
  expect(field.calls.slice(1)).toEqual(["cancel fan-1.0.0:fan@2.0.0"]);
  expect((await readRollout(journal)).pending).toEqual([]);
});

it("stops as soon as a backend that was away is back", async () => {
  const { begin, control, field, said } = make();
  const journal = await begin();
  await control();
  field.strike = away;
  await tell(journal, { type: "aborted", ...word }, field.clock.now());
  await field.clock.advance(2 * minuteMs);
  expect(said.at(-1)).toBe("fan-1.0.0: it is away");
  field.strike = () => {};
  await field.clock.advance(minuteMs);
  expect(field.calls.slice(1)).toEqual(["cancel fan-1.0.0:fan@2.0.0"]);
});

it("finishes stopping also when a later rollout of the product began", async () => {
  const { begin, control, field } = make();
  const first = await begin();
  await advance(first, field.ports);
  await tell(first, { type: "aborted", ...word }, 1);
  await field.clock.advance(1000);
  const second = await begin("1.1.0");
  await tell(second, { type: "aborted", ...word }, 1001);
  await control();
  expect(field.calls.slice(1)).toEqual(["cancel fan-1.0.0:fan@2.0.0"]);
  // Then it is over, and nothing of it is read or kept any more.
  await field.clock.advance(minuteMs);
  let reads = 0;
  first.read = async () => {
    reads++;
    return away();
  };
  await field.clock.advance(3 * minuteMs);
  expect(reads).toBe(0);
});

it("hears of a rollback of a completed rollout whose journal could not be read once", async () => {
  const { begin, complete, control, field } = make();
  const journal = await begin();
  await complete(journal);
  await control();
  const show = hide(journal);
  await field.clock.advance(2 * minuteMs);
  show();
  await tell(journal, { type: "rollback-requested", ...word }, field.clock.now());
  await field.clock.advance(3 * minuteMs);
  expect(field.calls.at(-1)).toContain("assign fan-1.0.0:fan@1.9.4:back");
});

it.each([
  ["is unreadable", (journal: MemoryJournal) => void hide(journal)],
  [
    "cannot even be opened",
    (journal: MemoryJournal, journals: MemoryJournals) => {
      hide(journal);
      journals.first = async () => away();
    },
  ],
])("gives nobody the version before while the newest rollout %s", async (_, harm) => {
  const { begin, complete, control, field, journals } = make();
  await complete(await begin());
  harm(await begin("1.1.0"), journals);
  field.devices = [...field.devices, device("late", { lastContactAtMs: field.clock.now() })];
  await control();
  await field.clock.advance(5 * minuteMs);
  expect(field.calls).toEqual([]);
});

it("gives who comes late its version whatever becomes of another product's journal", async () => {
  const { begin, complete, control, field } = make();
  await complete(await begin());
  hide(await begin("1.1.0", "other"));
  field.devices = [...field.devices, device("late", { lastContactAtMs: field.clock.now() })];
  await control();
  expect(field.calls).toEqual(["assign fan-1.0.0:fan@2.0.0 late"]);
});

it("does nothing new while it cannot list the journals, since a later rollout may be among them", async () => {
  const { begin, complete, control, field, journals } = make();
  await complete(await begin());
  await control();
  journals.list = async () => away();
  await field.clock.advance(minuteMs);
  field.devices = [...field.devices, device("late", { lastContactAtMs: field.clock.now() })];
  await field.clock.advance(5 * minuteMs);
  expect(field.calls).toEqual([]);
});

it("calls no journal damaged that is only away", async () => {
  const { begin, control, field, said } = make();
  const journal = await begin();
  journal.append = async () => {
    hide(journal);
    return away();
  };
  await control();
  await field.clock.advance(3 * minuteMs);
  expect(said).toEqual(["fan-1.0.0: it is away"]);
});
