import fc from "fast-check";
import { expect, test } from "vitest";
import { DeviceJournal } from "../../src/agent/device-journal.ts";
import { MemorySlotStorage } from "../../src/agent/memory-slot-storage.ts";
import { MemoryStateStorage } from "../../src/agent/memory-state-storage.ts";
import { type UpdateState, updateStates } from "../../src/agent/update-states.ts";
import { expectGenerated } from "../support/generated-text.ts";
import { readText } from "../support/repository.ts";

const states = Object.keys(updateStates) as UpdateState[];

function reachable(from: UpdateState): Set<UpdateState> {
  const found = new Set<UpdateState>([from]);
  for (const state of found) for (const next of updateStates[state].next) found.add(next);
  return found;
}

test("every state is reached from idle, and idle from every state", () => {
  expect([...reachable("idle")].toSorted()).toEqual(states.toSorted());
  for (const state of states) expect(reachable(state), state).toContain("idle");
});

test("nothing is switched back after it was committed, and nothing is cancelled after the switch", () => {
  expect(updateStates.committed.next).toEqual(["reporting"]);
  expect(updateStates.reporting.next).toEqual(["idle"]);
  const afterSwitch: UpdateState[] = [
    "switching",
    "trial",
    "committed",
    "reverting",
    "reverted",
    "reporting",
  ];
  expect(afterSwitch.filter((state) => updateStates[state].cancellable)).toEqual([]);
});

test("the journal makes the moves of the table and no other, and a device that starts again finds them", () => {
  const image = { component: "fan", version: "2.0.0", digest: "sha256:22", sizeBytes: 1 };
  const target = { actionId: "11", purpose: "install", ...image } as const;
  const tries = { triesLeft: 3, restartsLeft: 3, downloadsLeft: 3 };
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states), { maxLength: 30 }), (moves) => {
      const storage = new MemoryStateStorage();
      const slots = new MemorySlotStorage();
      const journal = DeviceJournal.create(storage, null);
      for (const next of moves) {
        const { state } = journal.state;
        const text = storage.read();
        const move = (): void => {
          if (next === "accepted") journal.accept(target, tries);
          else if (next === "idle" && state === "staged") journal.keepStaged();
          else if (next === "idle") journal.rest();
          else if (next === "committed") journal.commit();
          else if (next === "reverting") journal.revert("why");
          else journal.move(next);
        };
        if (updateStates[state].next.includes(next)) {
          move();
          expect(journal.state.state).toBe(next);
          // What waits in the spare slot and what is put there never stand beside each other.
          expect(journal.state.staged === null || journal.state.update === null).toBe(true);
        } else {
          expect(move).toThrow(/^no (move from|update in state)/);
          expect(storage.read()).toBe(text);
        }
        const again = DeviceJournal.load(storage, slots, () => {
          throw new Error("not readable");
        });
        expect(again?.state).toEqual(journal.state);
      }
    }),
  );
});

test("the table in the documentation is the one that runs", () => {
  const rows = states.map((state) => {
    const { next, resume, report } = updateStates[state];
    return `| ${state} | ${next.join(", ")} | ${resume} | ${report ? `\`${report.execution}\`` : ""} |`;
  });
  const table = ["| state | goes to | found at start | tells |", "|---|---|---|---|", ...rows].join("\n");
  const page = readText("docs/agent.md");
  expectGenerated("docs/agent.md", page.replace(/\| state \|[^]*?\n(?=\n)/, `${table}\n`));
});
