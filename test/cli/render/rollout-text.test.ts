import { beforeEach, describe, expect, it, test, vi } from "vitest";
import { rolloutText } from "../../../src/cli/render/rollout-text.ts";
import { describeRollout } from "../../../src/rollout/engine/describe-rollout.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import {
  fanConfig,
  fleetOf,
  hourMs,
  observed,
  planOf,
  stage,
  started,
  wave,
} from "../../support/fan-rollout.ts";
import {
  canaryBad,
  canaryGood,
  canaryUnderWay,
  night,
  nightConfig,
  nightMs,
  nightPopulation,
  said,
  wayBackTo,
} from "../../support/night-rollout.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  return () => vi.unstubAllEnvs();
});

const pictureOf = (state: RolloutState, hours: number): string => {
  const nowMs = nightMs + hours * hourMs;
  return rolloutText(describeRollout(state, nowMs), nowMs);
};

describe("the picture of a rollout", () => {
  it("shows gates that are undecided under the wave that they stand behind, and what they need", () => {
    expect(pictureOf(night([canaryUnderWay]), 0.5)).toMatchInlineSnapshot(`
      "fan-1  running  30m
      fan 1.0.0 in production

      ▸ Phase 1 of 2: introduce cloud 5.2.0, introduce fan 2.0.0
      ├─ ▸ canary  devices ring=canary, at most 20, apps 10%  began 30m ago, watched for 30m more
      │  ├─ ✓ introduce cloud 5.2.0  100%
      │  ├─ ▸ introduce fan 2.0.0  20%
      │  ├─ ? gate updated of fan 2.0.0: undecided, 7 of 8 devices good, 2 more needed if no other fails (limit 40%)
      │  ├─ ? gate crashes of fan 2.0.0: undecided, 119 of 120 counted good, 523 more needed if no other fails (limit 1%)
      │  └─ ? gate latency (dry run): undecided, 0.3123, at most 0.5, 1 of 3 good in a row
      └─ · fleet
         ├─ · 2 of 2 approvals missing
         ├─ only Mon-Thu 09:00-16:00 Europe/Amsterdam
         ├─ · fleet 50%  devices 50%, apps 50%
         └─ · fleet 100%  devices 100%, apps 100%
      · Phase 2 of 2: introduce app 4.2.0
      ├─ · after fan 1.8.0 has left the field
      └─ canary, fleet 50%, fleet 100%

      Devices: 7 updated, 2 updating, 0 assigned, 1 failed, 1 waiting
      fan: 1.8.0 × 12, 1.9.4 × 20, 2.0.0 × 8
      app: 4.1.0 × 100
      Still out: 32 devices without the new fan, 3 of them asleep, the longest since 2026-11-20 08:00 UTC (2d 2h)

      Waiting:
        fan-20: its app 4.0.0 is too old

      Failed:
        bad-0: no space left

      Waits for gate updated: 7 of 8 devices good, 2 more needed if no other fails
            and gate crashes: 119 of 120 counted good, 523 more needed if no other fails
            and its bake time until 2026-11-22 11:00 UTC (30m more)
            and 2 devices to finish

      Next: iotctl rollout watch fan-1 --env production
        or: iotctl rollout retry fan-1 --env production"
    `);
  });
  it("shows who approved and who denied", () => {
    expect(
      pictureOf(
        night([
          canaryUnderWay,
          canaryGood,
          [2.5, said("approved", "ann", "looks good")],
          [2.5, said("denied", "bert", "not before Monday")],
        ]),
        3,
      ),
    ).toMatchInlineSnapshot(`
      "fan-1  awaiting approval  3h
      fan 1.0.0 in production

      ▸ Phase 1 of 2: introduce cloud 5.2.0, introduce fan 2.0.0
      ├─ ✓ canary  devices ring=canary, at most 20, apps 10%
      │  ├─ ✓ gate updated of fan 2.0.0: passed, 32 of 33 devices good (limit 40%)
      │  ├─ ✓ gate crashes of fan 2.0.0: passed, 1199 of 1200 counted good (limit 1%)
      │  └─ ? gate latency (dry run): undecided, no data (connection refused)
      └─ ▸ fleet
         ├─ ✓ approved by ann (looks good), 2026-11-22 12:30 UTC
         ├─ ✗ denied by bert (not before Monday), 2026-11-22 12:30 UTC
         ├─ ? 1 of 2 approvals missing
         ├─ only Mon-Thu 09:00-16:00 Europe/Amsterdam
         ├─ … fleet 50%  devices 50%, apps 50%
         └─ · fleet 100%  devices 100%, apps 100%
      · Phase 2 of 2: introduce app 4.2.0
      ├─ · after fan 1.8.0 has left the field
      └─ canary, fleet 50%, fleet 100%

      Devices: 32 updated, 0 updating, 0 assigned, 1 failed, 1 waiting
      fan: 1.8.0 × 12, 1.9.4 × 20, 2.0.0 × 8
      app: 4.1.0 × 100
      Still out: 32 devices without the new fan, 3 of them asleep, the longest since 2026-11-20 08:00 UTC (2d 5h)

      Waiting:
        fan-20: its app 4.0.0 is too old

      Failed:
        bad-0: no space left

      Waits for bert, who denied stage fleet (not before Monday)
            and 1 approval of stage fleet
            and its window: outside of Mon-Thu 09:00-16:00 Europe/Amsterdam, until 2026-11-23 08:00 UTC (19h more)

      Next: iotctl rollout approve fan-1 --stage fleet --env production
        or: iotctl rollout watch fan-1 --env production
        or: iotctl rollout abort fan-1 --env production"
    `);
  });
  it("says until when it is frozen", () => {
    const freezes = [{ fromMs: nightMs, untilMs: nightMs + 100 * hourMs, why: "black friday" }];
    const frozen = night([
      canaryUnderWay,
      canaryGood,
      [2.5, said("approved", "ann")],
      [2.5, said("approved", "bert")],
      [3, { type: "freezes-changed", freezes }],
      [3, observed({ population: nightPopulation })],
    ]);
    expect(pictureOf(frozen, 4)).toMatchInlineSnapshot(`
      "fan-1  running  4h
      fan 1.0.0 in production

      ▸ Phase 1 of 2: introduce cloud 5.2.0, introduce fan 2.0.0
      ├─ ✓ canary  devices ring=canary, at most 20, apps 10%
      │  ├─ ✓ gate updated of fan 2.0.0: passed, 32 of 33 devices good (limit 40%)
      │  ├─ ✓ gate crashes of fan 2.0.0: passed, 1199 of 1200 counted good (limit 1%)
      │  └─ ? gate latency (dry run): undecided, no data (connection refused)
      └─ ▸ fleet
         ├─ ✓ approved by ann, 2026-11-22 12:30 UTC
         ├─ ✓ approved by bert, 2026-11-22 12:30 UTC
         ├─ only Mon-Thu 09:00-16:00 Europe/Amsterdam
         ├─ … fleet 50%  devices 50%, apps 50%
         └─ · fleet 100%  devices 100%, apps 100%
      · Phase 2 of 2: introduce app 4.2.0
      ├─ · after fan 1.8.0 has left the field
      └─ canary, fleet 50%, fleet 100%

      Devices: 32 updated, 0 updating, 0 assigned, 1 failed, 1 waiting
      fan: 1.8.0 × 12, 1.9.4 × 20, 2.0.0 × 8
      app: 4.1.0 × 100
      Still out: 32 devices without the new fan, 3 of them asleep, the longest since 2026-11-20 08:00 UTC (2d 6h)

      Waiting:
        fan-20: its app 4.0.0 is too old

      Failed:
        bad-0: no space left

      Waits for the end of the freeze: black friday, until 2026-11-26 14:00 UTC (4d more)

      Next: iotctl rollout watch fan-1 --env production"
    `);
  });
  it("says what to do instead where the way back is closed", () => {
    expect(pictureOf(night([canaryUnderWay, canaryBad], { wayBack: wayBackTo("1.9.4", false) }), 3))
      .toMatchInlineSnapshot(`
      "fan-1  failed (gate updated: 20 of 29 devices failed, more than 40% allows)  2h
      fan 1.0.0 in production

      ✗ Phase 1 of 2: introduce cloud 5.2.0, introduce fan 2.0.0
      ├─ ✗ canary  devices ring=canary, at most 20, apps 10%  began 3h ago
      │  ├─ ✓ introduce cloud 5.2.0  100%
      │  ├─ ▸ introduce fan 2.0.0  20%
      │  ├─ ✗ gate updated of fan 2.0.0: failed, 9 of 29 devices good (limit 40%)
      │  ├─ ? gate crashes of fan 2.0.0: undecided, 119 of 120 counted good, 523 more needed if no other fails (limit 1%)
      │  └─ ? gate latency (dry run): undecided, 0.3123, at most 0.5, 1 of 3 good in a row
      └─ · fleet
         ├─ · 2 of 2 approvals missing
         ├─ only Mon-Thu 09:00-16:00 Europe/Amsterdam
         ├─ · fleet 50%  devices 50%, apps 50%
         └─ · fleet 100%  devices 100%, apps 100%
      · Phase 2 of 2: introduce app 4.2.0
      ├─ · after fan 1.8.0 has left the field
      └─ canary, fleet 50%, fleet 100%

      Devices: 9 updated, 0 updating, 0 assigned, 20 failed, 1 waiting
      fan: 1.8.0 × 12, 1.9.4 × 20, 2.0.0 × 8
      app: 4.1.0 × 100
      Still out: 32 devices without the new fan, 3 of them asleep, the longest since 2026-11-20 08:00 UTC (2d 5h)

      Waiting:
        fan-20: its app 4.0.0 is too old

      Failed:
        bad-0, bad-1, bad-10, bad-11, bad-12 and 15 more: no space left

      The way back:
        No device can go back.
        Stays: fan 2.0.0 on 9 devices that ran 1.9.4; app@4.1.0 does not fit fan@1.9.4
            Release fan 2.0.1 without the mistake
        Not taken back: cloud@5.2.0; stores stop offering apps.

      Next: iotctl rollout history fan-1 --env production
        or: iotctl release --again --env production"
    `);
  });
  it("shows who went back", () => {
    const returnable = Object.keys({ ...fleetOf("fan", 7), ...fleetOf("busy", 2) }).map((deviceId) => {
      return { deviceId, component: "fan", to: "1.9.4" };
    });
    const back = fleetOf("fan", 7, { version: "1.9.4", from: "2.0.0" });
    const stays = fleetOf("busy", 2, {
      version: "1.9.4",
      from: "2.0.0",
      status: "failed",
      reason: "battery low",
    });
    const state = night(
      [
        canaryUnderWay,
        canaryBad,
        [2.5, observed({ returnable })],
        [3, observed({ returning: { ...back, ...stays } })],
      ],
      { wayBack: wayBackTo("1.9.4", true) },
    );
    expect(pictureOf(state, 5)).toMatchInlineSnapshot(`
      "fan-1  rolled back (gate updated: 20 of 29 devices failed, more than 40% allows)  3h
      fan 1.0.0 in production

      ✗ Phase 1 of 2: introduce cloud 5.2.0, introduce fan 2.0.0
      ├─ ✗ canary  devices ring=canary, at most 20, apps 10%  began 5h ago
      │  ├─ ✓ introduce cloud 5.2.0  100%
      │  ├─ ↩ introduce fan 2.0.0  50%
      │  ├─ ✗ gate updated of fan 2.0.0: failed, 9 of 29 devices good (limit 40%)
      │  ├─ ? gate crashes of fan 2.0.0: undecided, 119 of 120 counted good, 523 more needed if no other fails (limit 1%)
      │  └─ ? gate latency (dry run): undecided, 0.3123, at most 0.5, 1 of 3 good in a row
      └─ · fleet
         ├─ · 2 of 2 approvals missing
         ├─ only Mon-Thu 09:00-16:00 Europe/Amsterdam
         ├─ · fleet 50%  devices 50%, apps 50%
         └─ · fleet 100%  devices 100%, apps 100%
      · Phase 2 of 2: introduce app 4.2.0
      ├─ · after fan 1.8.0 has left the field
      └─ canary, fleet 50%, fleet 100%

      Devices: 2 updated, 0 updating, 0 assigned, 20 failed, 1 waiting, 7 of 9 back
      fan: 1.9.4 × 5, 2.0.0 × 5
      app: 4.1.0 × 10

      Waiting:
        fan-20: its app 4.0.0 is too old

      Failed:
        bad-0, bad-1, bad-10, bad-11, bad-12 and 15 more: no space left
        busy-0, busy-1: battery low

      The way back:
        GOES BACK  FROM   TO     DEVICES
        fan        2.0.0  1.9.4        9
        Not taken back: cloud@5.2.0; stores stop offering apps.

      Next: iotctl rollout history fan-1 --env production
        or: iotctl fleet devices --env production
        or: iotctl release --again --env production"
    `);
  });
  it("says who is still out when it is completed", () => {
    const config = nightConfig({
      plan: planOf("introduce fan 2.0.0", "retire fan 1.8.0", "retire fan 1.9.4"),
      stages: [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] })],
    });
    const told = [
      [0.5, observed({ population: nightPopulation, progress: fleetOf("fan", 30) })],
      [2, observed({ population: nightPopulation })],
    ] as const;
    expect(pictureOf(night(told, { config }), 5)).toMatchInlineSnapshot(`
      "fan-1  completed  2h
      fan 1.0.0 in production

      ✓ Phase 1 of 1: introduce fan 2.0.0
      · retire fan 1.8.0, retire fan 1.9.4 when nobody uses them any more
      ✓ gate updated of fan 2.0.0: passed, 30 of 30 devices good (limit 40%)

      Devices: 30 updated, 0 updating, 0 assigned, 0 failed, 0 waiting
      fan: 1.8.0 × 12, 1.9.4 × 20, 2.0.0 × 8
      app: 4.1.0 × 100
      Still out: 32 devices without the new fan, 3 of them asleep, the longest since 2026-11-20 08:00 UTC (2d 7h)

      Next: iotctl fleet devices --env production"
    `);
  });
});

test.each([
  ["local", "iotctl rollout watch fan-1"],
  ["production", "iotctl rollout watch fan-1 --env production"],
])("what is to be typed next is for the environment of the rollout: %s", (environment, command) => {
  const text = rolloutText(describeRollout(started(fanConfig({ environment })), 0), 0);
  expect(text.split("\n").at(-1)).toBe(`Next: ${command}`);
});
