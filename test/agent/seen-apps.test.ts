import { expect, test } from "vitest";
import { MemoryStateStorage } from "../../src/agent/memory-state-storage.ts";
import { SeenApps } from "../../src/agent/seen-apps.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";

const dayMs = 86_400_000;

function setup() {
  const clock = new VirtualClock(1_000_000);
  let writes = 0;
  const storage = new MemoryStateStorage(null, () => void writes++);
  const open = (): SeenApps => new SeenApps({ storage, clock, windowMs: 2 * dayMs });
  return { clock, storage, open, apps: open(), writes: () => writes };
}

const at = (phone: string, version: string, component = "app") => ({ phone, component, version });

test("the last version of each phone counts, each version once, in a stable order", () => {
  const { apps } = setup();
  apps.record(at("b", "4.1.0"));
  apps.record(at("a", "4.2.0"));
  apps.record(at("c", "4.2.0"));
  apps.record(at("b", "4.1.0", "other"));
  expect(apps.lately()).toEqual([
    { component: "app", version: "4.1.0" },
    { component: "app", version: "4.2.0" },
    { component: "other", version: "4.1.0" },
  ]);
  apps.record(at("b", "4.2.0"));
  expect(apps.lately().map(({ component, version }) => `${component}@${version}`)).toEqual([
    "app@4.2.0",
    "other@4.1.0",
  ]);
});

test("a phone that stays away stops counting after the window", async () => {
  const { apps, clock } = setup();
  apps.record(at("a", "4.1.0"));
  await clock.advance(2 * dayMs);
  expect(apps.lately()).toHaveLength(1);
  await clock.advance(1);
  expect(apps.lately()).toEqual([]);
});

test("sightings survive a restart, and visits of the same phone do not wear the disk out", async () => {
  const { apps, open, clock, writes } = setup();
  apps.record(at("a", "4.1.0"));
  for (let i = 0; i < 100; i++) apps.record(at("a", "4.1.0"));
  expect(writes()).toBe(1);
  await clock.advance(3_600_000);
  apps.record(at("a", "4.1.0"));
  expect(writes()).toBe(2);
  apps.record(at("a", "4.2.0"));
  expect(writes()).toBe(3);
  expect(open().lately()).toEqual([{ component: "app", version: "4.2.0" }]);
});

test("more phones than a device can remember push out the one that was silent longest", () => {
  const { apps } = setup();
  apps.record(at("first", "0.0.1"));
  apps.record(at("second", "0.0.2"));
  for (let i = 0; i < 254; i++) apps.record(at(`phone-${i}`, "1.0.0"));
  apps.record(at("first", "0.0.1"));
  apps.record(at("one more", "1.0.0"));
  expect(apps.lately().map(({ version }) => version)).toEqual(["0.0.1", "1.0.0"]);
});

test("what cannot be read is forgotten", () => {
  const { storage, open } = setup();
  for (const text of ["{", "null", '[{"version":7}]', '"x"']) {
    storage.write(text);
    expect(open().lately()).toEqual([]);
  }
});
