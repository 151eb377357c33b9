import type { JournalRecord, RolloutJournal } from "../../../../src/rollout/journal/journal.ts";
import type { RolloutCode } from "../simulate-rollout.ts";
import type { SimulatedJournal } from "../simulated-journal.ts";
import { chainRecord } from "../../../../src/rollout/journal/chain.ts";
import type { Mutant, Mutants } from "./mutant.ts";

/** Turns and writes that do not keep what journals promise, and what is shown of them. */
export const journalMutants: Mutants = {
  "a turn that was lost goes on": onAnother((journal) => ({
    turn: (work) => journal.turn(() => work({ assertHeld: () => {} })),
  })),
  "two may have their turn at once": onAnother(() => ({ turn: (work) => work({ assertHeld: () => {} }) })),
  "records are written behind whatever is there": onAnother((journal) => {
    // Each process goes by its own numbers and never learns that another wrote.
    const written = new Map<string, JournalRecord>();
    return {
      append: async (record) => {
        if (await journal.append(record)) return true;
        const again = chainRecord((journal as SimulatedJournal).records.at(-1), record);
        written.set(record.hash, again);
        return journal.append(again);
      },
    };
  }),
  "freezes are not looked up": {
    rewire: (code) => ({
      ...code,
      advance: (journal, ports, live) => code.advance(journal, { ...ports, freezes: [] }, live),
    }),
  },
  "a number is made up": {
    rewire: (code) => ({
      ...code,
      describeRollout: (...args) => {
        const view = code.describeRollout(...args);
        const { failed, updated } = view.devices;
        return { ...view, devices: { ...view.devices, updated: updated + failed, failed: 0 } };
      },
    }),
  },
  "a gate counts whom nobody updated": {
    rewire: (code) => ({
      ...code,
      describeRollout: (...args) => {
        const view = code.describeRollout(...args);
        const gates = view.gates.map((gate) => ({
          ...gate,
          devices: gate.devices + gate.undecided,
          undecided: 0,
        }));
        return { ...view, gates };
      },
    }),
  },
};

/** The engine on a journal that behaves otherwise for whoever takes turns. */
function onAnother(change: (journal: RolloutJournal) => Partial<RolloutJournal>): Mutant {
  const rewire = (code: RolloutCode): RolloutCode => ({
    ...code,
    advance: (journal, ports) => {
      const { rolloutId } = journal;
      const other: RolloutJournal = {
        rolloutId,
        read: (after) => journal.read(after),
        append: (record) => journal.append(record),
        turn: (work) => journal.turn(work),
        ...change(journal),
      };
      return code.advance(other, ports);
    },
  });
  return { rewire };
}
