import fc from "fast-check";
import { expect, it } from "vitest";
import { assignmentIdOf } from "../../src/rollout/engine/effects.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/);
const version = fc.stringMatching(/^1\.0\.0(-[a-z0-9.]{1,80})?(\+[a-z0-9]{1,20})?$/);

it("an assignment id is one that every backend takes, however long the names are", () => {
  fc.assert(
    fc.property(name, name, version, fc.boolean(), (rolloutId, component, of, rollback) => {
      expect(assignmentIdOf(rolloutId, component, of, rollback)).toMatch(/^[A-Za-z0-9._:@-]{1,128}$/);
    }),
  );
});

it("forwards and back are two assignments, also where the id had to be cut", () => {
  const long = "x".repeat(64);
  const ids = [false, true].map((rollback) => assignmentIdOf(`${long}-1.0.0`, long, "1.0.0", rollback));
  expect(ids[0]).toHaveLength(128);
  expect(ids[0]).not.toBe(ids[1]);
});
