// A new image must come up in time and stay up, whatever is done to the clock meanwhile.
import { expect, test } from "vitest";
import type { Payload, PayloadHealth, PayloadRunner } from "../../src/agent/payload-runner.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { deviceBench } from "./device-bench.ts";

/** 1.9.4 is well; the health of 2.0.0 depends on how long it has run. */
function payloadOf(now: () => number, health: (ranMs: number) => PayloadHealth["kind"]): PayloadRunner {
  let running: (Payload & { readonly sinceMs: number }) | null = null;
  const healthOf = ({ version, sinceMs }: { version: string; sinceMs: number }): PayloadHealth => {
    const kind = version === "2.0.0" ? health(now() - sinceMs) : "healthy";
    return kind === "healthy" ? { kind, version, model: null } : { kind, reason: `it is ${kind}` };
  };
  return {
    start: (payload) => {
      running = { ...payload, sinceMs: now() };
      return Promise.resolve();
    },
    stop: () => {
      running = null;
      return Promise.resolve();
    },
    health: () => Promise.resolve(running ? healthOf(running) : { kind: "stopped", reason: "not started" }),
  };
}

test.each([
  ["ends", "stopped", 3000],
  ["falls silent", "unwell", 4900],
] as const)("an image that %s after it was healthy is rolled back", async (_what, kind, afterMs) => {
  const { server, boot, clock, release } = await deviceBench();
  const action = server.offer(await release());
  const agent = boot({
    payload: payloadOf(
      () => clock.now(),
      (ranMs) => (ranMs < afterMs ? "healthy" : kind),
    ),
  });
  await agent.turn();
  expect(server.lastFeedback(action)?.details).toEqual([`2.0.0 is not healthy: it is ${kind}`, "runs 1.9.4"]);
  expect(server.attributes[deviceAttribute.version]).toBe("1.9.4");
});

test("an image that stumbles while it comes up is committed once it stayed healthy", async () => {
  const { server, boot, clock, release } = await deviceBench();
  const action = server.offer(await release());
  const stumbles = (ranMs: number) => (ranMs < 1000 || (ranMs > 3000 && ranMs < 4000) ? "unwell" : "healthy");
  await boot({ payload: payloadOf(() => clock.now(), stumbles) }).turn();
  expect(action.closed).toBe("success");
});

test("an image that stumbles for ever is rolled back when its time is over", async () => {
  const { server, boot, clock, release } = await deviceBench();
  const action = server.offer(await release());
  const flaps = (ranMs: number) => (ranMs % 2000 < 1000 ? "healthy" : "unwell");
  await boot({ payload: payloadOf(() => clock.now(), flaps) }).turn();
  expect(action.closed).toBe("failure");
});

test.each([
  ["ahead", 3_600_000],
  ["back", -3_600_000],
])("a wall clock that is set %s neither cuts nor stretches a trial", async (_way, stepMs) => {
  for (const comesUp of [true, false]) {
    const { server, boot, clock, release } = await deviceBench();
    const action = server.offer(await release());
    const beginMs = clock.now();
    let steppedMs = 0;
    const stepping = {
      now: () => clock.now() + (steppedMs += stepMs),
      sleep: (ms: number) => clock.sleep(ms),
    };
    const payload = payloadOf(
      () => clock.now(),
      (ranMs) => (comesUp && ranMs > 10_000 ? "healthy" : "unwell"),
    );
    await boot({ payload, clock: stepping, monotonicNow: () => clock.now() }).turn();
    expect(action.closed).toBe(comesUp ? "success" : "failure");
    expect(clock.now() - beginMs).toBeLessThan(21_000);
  }
});
