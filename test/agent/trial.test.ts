// A new image must come up in time and stay up, whatever is done to the clock meanwhile.
import { describe, expect, test } from "vitest";
import type { Payload, PayloadHealth, PayloadRunner } from "../../src/agent/payload-runner.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { fanImage } from "../support/fan-images.ts";
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

describe("an image that falls silent after it was committed", () => {
  const silentFrom = async (comesBack: boolean) => {
    const bench = await deviceBench();
    const { server, boot, clock, release } = bench;
    const offer = await release();
    const action = server.offer(offer);
    let starts = 0;
    const inner = payloadOf(
      () => clock.now(),
      (ranMs) => ((comesBack && starts > 1) || (starts === 1 && ranMs <= 5000) ? "healthy" : "unwell"),
    );
    let hushed = false;
    const payload: PayloadRunner = {
      start: (image) => {
        if (image.version === "2.0.0") starts++;
        hushed = false;
        return inner.start(image);
      },
      stop: () => inner.stop(),
      health: () =>
        hushed ? Promise.resolve({ kind: "unwell", reason: "it does not answer" }) : inner.health(),
    };
    // The last thing before the first report of the outcome is the version that answers.
    server.before = (request) => {
      if (request === "PUT /configData" && starts === 1) hushed = true;
    };
    server.fault = (request) => (hushed && request === "PUT /configData" ? "cut" : "none");
    const agent = boot({ payload });
    await agent.turn();
    server.fault = () => "none";
    expect(agent.state).toMatchObject({ state: "reporting", installed: { version: "2.0.0" } });
    const turn = async () => clock.sleep((await agent.turn()).sleepMs);
    return { ...bench, offer, action, agent, turn, starts: () => starts };
  };

  test("is started once more, and a success when it answers then", async () => {
    const { action, turn, starts } = await silentFrom(true);
    for (let turns = 0; turns < 5 && !action.closed; turns++) await turn();
    expect({ closed: action.closed, starts: starts() }).toEqual({ closed: "success", starts: 2 });
  });

  test("is a failure when it does not, and the device can be brought back", async () => {
    const { server, offer, action, agent, turn, starts } = await silentFrom(false);
    for (let turns = 0; turns < 5 && !action.closed; turns++) await turn();
    expect({ closed: action.closed, starts: starts() }).toEqual({ closed: "failure", starts: 2 });
    expect(server.lastFeedback(action)?.details).toEqual([
      "2.0.0 is committed, but nothing answers",
      "runs nothing",
    ]);
    expect(agent.state).toMatchObject({ state: "idle", update: null });

    const again = server.offer(offer);
    for (let turns = 0; turns < 5 && !again.closed; turns++) await turn();
    expect(server.lastFeedback(again)?.details).toEqual(["2.0.0 is installed, but nothing answers"]);

    const image = fanImage("fan-a1", "1.9.4");
    const back = server.offer({ ...offer, version: "1.9.4", image, rollback: true });
    for (let turns = 0; turns < 5 && !back.closed; turns++) await turn();
    expect(back.closed).toBe("success");
    expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });
  });
});

test("an installed image that says it is another version closes the offer of it as a failure", async () => {
  const { server, boot, release } = await deviceBench();
  const offer = await release();
  const payload: PayloadRunner = {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    health: () => Promise.resolve({ kind: "healthy", version: "1.9.3", model: null }),
  };
  const action = server.offer({ ...offer, version: "1.9.4", image: fanImage("fan-a1", "1.9.4") });
  await boot({ payload }).turn();
  expect(action.closed).toBe("failure");
  expect(server.lastFeedback(action)?.details).toEqual(["1.9.4 is installed, but 1.9.3 answers"]);
});
