import fc from "fast-check";
import { expect, it } from "vitest";
import { assignmentIdOf } from "../../src/rollout/engine/effects.ts";
import type { FirmwareStep } from "../../src/rollout/engine/firmware-step.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/);
const version = fc.stringMatching(/^1\.0\.0(-[a-z0-9.]{1,80})?(\+[a-z0-9]{1,20})?$/);

it("an assignment id is one that every backend takes, however long the names are", () => {
  fc.assert(
    fc.property(name, name, version, fc.boolean(), (rolloutId, component, of, rollback) => {
      expect(assignmentIdOf(rolloutId, { component, version: of }, rollback)).toMatch(
        /^[A-Za-z0-9._:@-]{1,128}$/,
      );
    }),
  );
});

it("forwards, back and laying ready are three assignments, also where the id had to be cut", () => {
  const component = "x".repeat(64);
  const step = { component, version: "1.0.0" };
  const idOf = (of: FirmwareStep, rollback: boolean): string =>
    assignmentIdOf(`${component}-1.0.0`, of, rollback);
  const ids = [idOf(step, false), idOf(step, true), idOf({ ...step, staged: true }, false)];
  expect(ids[0]).toHaveLength(128);
  expect(new Set(ids).size).toBe(3);
});
