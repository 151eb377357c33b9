import { expect, test } from "vitest";
import { createRelation } from "../../src/compat/relation.ts";
import { judgeMeetings } from "../../src/simulation/judge-meetings.ts";
import type { Meeting } from "../../src/storefronts/local/wire.ts";
import { fact } from "../support/facts.ts";

const relation = createRelation([
  fact("app", "1.0.0", { requires: { lamp: "<2.0.0" } }),
  fact("app", "2.0.0", { requires: { lamp: ">=2.0.0" }, bridges: { lamp: ">=1.5.0" } }),
  fact("lamp", "1.0.0"),
  fact("lamp", "1.5.0"),
  fact("lamp", "2.0.0"),
  fact("lamp", "3.0.0", { requires: { app: ">=3.0.0" } }),
]);

function meeting(app: string, lamp: string, staged?: string, answering = true): Meeting {
  const device = { component: "lamp", version: lamp, ...(staged !== undefined && { staged }) };
  return { app: { component: "app", version: app }, device, answering, count: 10 };
}

test.each([
  ["fit", meeting("1.0.0", "1.5.0"), { total: 10, bridged: 0, incompatible: 0 }],
  [
    "are bridged by an image that lies ready",
    meeting("2.0.0", "1.5.0", "2.0.0"),
    { bridged: 10, incompatible: 0 },
  ],
  ["have nothing ready", meeting("2.0.0", "1.5.0"), { bridged: 0, incompatible: 10 }],
  ["have something ready that does not fit", meeting("2.0.0", "1.5.0", "3.0.0"), { incompatible: 10 }],
  ["are outside of what the app can update", meeting("2.0.0", "1.0.0", "2.0.0"), { incompatible: 10 }],
  ["are an app that updates nothing", meeting("1.0.0", "2.0.0", "1.5.0"), { bridged: 0, incompatible: 10 }],
  ["never met", meeting("2.0.0", "1.0.0", undefined, false), { total: 0, bridged: 0, incompatible: 0 }],
  ["are unknown", meeting("4.0.0", "1.5.0"), { incompatible: 10 }],
])("a phone and a device that %s", (_, met, judged) => {
  expect(judgeMeetings([met], relation)).toMatchObject(judged);
});
