import { expect, test } from "vitest";
import { rolloutTable } from "../../../src/cli/render/rollout-table.ts";
import { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import { hourMs } from "../../support/fan-rollout.ts";
import {
  canaryBad,
  canaryGood,
  canaryUnderWay,
  night,
  nightMs,
  wayBackTo,
} from "../../support/night-rollout.ts";

test("rollouts are listed with where they are and who is out", () => {
  const rows = [
    night([canaryUnderWay, canaryBad], { wayBack: wayBackTo("1.9.4", false) }),
    night([canaryUnderWay]),
    night([canaryUnderWay, canaryGood]),
  ].map((state) => describeRollout(state, nightMs + 3 * hourMs));
  expect(rolloutTable(rows)).toMatchInlineSnapshot(`
    "ROLLOUT  STATUS             STAGE      UPDATED  OUT  FAILED  STARTED               ENDED
    fan-1    failed             canary           9   32      20  2026-11-22 10:00 UTC  2026-11-22 12:00 UTC
    fan-1    running            canary           7   32       1  2026-11-22 10:00 UTC  -
    fan-1    awaiting approval  fleet 50%       32   32       1  2026-11-22 10:00 UTC  -"
  `);
  expect(rolloutTable([])).toContain("iotctl release");
});
