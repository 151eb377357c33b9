import { expect, test } from "vitest";
import { countedShares } from "../../src/cli/simulation/counted-shares.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import type { Release } from "../../src/manifest/release.ts";
import { fact } from "../support/facts.ts";

const component = (kind: string): object => ({ kind, version: "3.0.0" });
const release = {
  components: {
    app: component("app"),
    fan: component("firmware"),
    lamp: component("firmware"),
    cloud: component("service"),
  },
} as unknown as Release;
const facts = [
  fact("fan", "1.0.0", { hardware: ["fan-a"] }),
  fact("fan", "3.0.0", { hardware: ["fan-b"] }),
  fact("lamp", "3.0.0", { hardware: ["lamp-a"] }),
];
const live = { app: ["1.0.0", "2.0.0"], fan: ["1.0.0", "2.0.0"], lamp: ["1.0.0"], cloud: ["1.0.0"] };

function device(hardware: string, reportedVersion: string | null, app?: string): Device {
  return {
    id: `${hardware} ${reportedVersion} ${app}`,
    hardware,
    labels: {},
    reportedVersion,
    pairedApps: app === undefined ? [] : [{ component: "app", version: app }],
    lastContactAtMs: 0,
    activeAssignmentId: null,
  };
}

test("firmware is counted on its own hardware, and no firmware as an app", () => {
  const devices = [
    device("fan-a", "1.0.0", "2.0.0"),
    device("fan-b", "2.0.0"),
    device("fan-b", "2.0.0"),
    device("fan-b", null, "1.0.0"),
    device("lamp-a", "1.0.0", "2.0.0"),
    device("lamp-a", "2.0.0"),
    device("unknown", "1.0.0"),
  ];
  expect(countedShares(release, { devices, facts, live, shares: {} })).toEqual({
    app: { "1.0.0": 1, "2.0.0": 2 },
    fan: { "1.0.0": 1, "2.0.0": 2 },
    lamp: { "1.0.0": 1 },
    cloud: { "1.0.0": 1 },
  });
});

test("what a file says counts more, and where nothing was counted all versions count the same", () => {
  const shares = { fan: { "1.0.0": 30, "2.0.0": 70 } };
  const devices = [device("fan-a", "1.0.0")];
  expect(countedShares(release, { devices, facts, live, shares })).toMatchObject({
    app: { "1.0.0": 1, "2.0.0": 1 },
    fan: shares.fan,
  });
});
