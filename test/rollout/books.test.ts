import fc from "fast-check";
import { expect, it } from "vitest";
import { copiedBooks, OwnBooks } from "../../src/rollout/engine/books.ts";
import type { DeviceProgress, RolloutState } from "../../src/rollout/engine/state.ts";
import { tallyOf } from "../../src/rollout/engine/tally.ts";
import { progress, started } from "../support/fan-rollout.ts";

const steps = fc.record({
  status: fc.constantFrom("assigned", "updating", "updated", "failed"),
  version: fc.constantFrom("1.9.4", "2.0.0"),
  heard: fc.boolean(),
  silent: fc.boolean(),
  reason: fc.constantFrom("", "held"),
});
const devices = fc
  .tuple(steps, fc.option(steps), fc.option(fc.constant(1)))
  .map(([last, earlier, retry]): DeviceProgress => ({
    ...progress(last),
    ...(earlier && { earlier: progress(earlier) }),
    ...(retry !== null && { retry }),
  }));
const changes = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "toString"), fc.option(devices));

it("books that are written in place read like books that are copied, and count the same", () => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 20 }), (all) => {
      const own = new OwnBooks();
      const books: RolloutState["devices"] = {};
      let copy: RolloutState["devices"] = {};
      for (const change of all) {
        const before = JSON.stringify(copy);
        const untouched = copy;
        copy = copiedBooks.write(copy, change);
        expect(JSON.stringify(untouched)).toBe(before);
        own.write(books, change);
        expect(books).toEqual(copy);
        const counted = own.tally({ ...started(), devices: books });
        const expected = tallyOf({ ...started(), devices: copy });
        for (const name of Object.keys(expected.steps)) {
          expect(counted.steps[name]).toEqual(expected.steps[name]);
        }
        expect(counted).toMatchObject({ updating: expected.updating, toBegin: expected.toBegin });
      }
    }),
  );
});

it("a tally that was given out does not change with the books", () => {
  const own = new OwnBooks();
  const state = { ...started(), devices: own.write({}, { a: progress() }) };
  const before = own.tally(state);
  own.write(state.devices, { b: progress() });
  expect(before.steps["fan@2.0.0"]?.updated).toBe(1);
  expect(own.tally(state).steps["fan@2.0.0"]?.updated).toBe(2);
});
