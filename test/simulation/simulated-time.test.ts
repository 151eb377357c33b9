import { expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { SimulatedTime } from "../../src/simulation/simulated-time.ts";

it("runs at its scale, over a restart too, and keeps its place when the scale changes", async () => {
  const clock = new VirtualClock(1000);
  const first = new SimulatedTime(clock, 60, null);
  expect(first.now()).toBe(1000);
  await clock.advance(10);
  expect(first.now()).toBe(1600);
  await clock.advance(5);
  const second = new SimulatedTime(clock, 2, first.anchor);
  expect(second.now()).toBe(1900);
  await clock.advance(10);
  expect(second.now()).toBe(1920);
});

it("never goes back when the machine's clock does", () => {
  const before = new SimulatedTime(new VirtualClock(5000), 10, null);
  const after = new SimulatedTime(new VirtualClock(100), 10, before.anchor);
  expect(after.now()).toBe(5000);
});
