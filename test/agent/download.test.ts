// Downloads that need more than one turn.
import { expect, onTestFinished, test } from "vitest";
import type { DdiClient } from "../../src/agent/ddi-client.ts";
import { closeConnections, HttpDdiClient, openConnections } from "../../src/agent/http-ddi-client.ts";
import { type DeviceBench, deviceBench } from "./device-bench.ts";

/** The server's own client, whose downloads come in pieces of `pieceBytes` and end as `end` says after each. */
function piecemeal(
  { server }: DeviceBench,
  pieceBytes: number,
  end: (body: Uint8Array) => boolean,
): DdiClient {
  const connections = openConnections(1);
  onTestFinished(() => closeConnections(connections));
  const { url: serverUrl, deviceId, token } = server;
  const client = new HttpDdiClient({ serverUrl, deviceId, token, connections });
  const download: DdiClient["download"] = async (href, offset) => {
    const { fromByte, body } = await client.download(href, offset);
    return { fromByte, body: pieces(body) };
  };
  async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of body) {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        yield piece;
        if (end(piece)) return;
      }
    }
  }
  return new Proxy(client, {
    get: (target, name: keyof DdiClient) => (name === "download" ? download : target[name].bind(target)),
  });
}

test("a download that gets on is gone on with soon, one that waits is not", async () => {
  const bench = await deviceBench();
  const { server, boot, release, apps } = bench;
  const offer = await release();
  const action = server.offer(offer);
  const agent = boot(
    { ddi: piecemeal(bench, Math.ceil(offer.image.length / 4), () => false) },
    { downloadSliceMs: 0 },
  );
  expect(await agent.turn()).toEqual({ sleepMs: 1000 });
  expect(agent.state?.state).toBe("downloading");
  apps.record({ phone: "phone-1", component: "app-ios", version: "4.0.0" });
  expect(await agent.turn()).toEqual({ sleepMs: 30_000 });
  apps.record({ phone: "phone-1", component: "app-ios", version: "4.2.0" });
  expect(await agent.turn()).toEqual({ sleepMs: 1000 });
  expect(await agent.turn()).toEqual({ sleepMs: 1000 });
  expect(await agent.turn()).toEqual({ sleepMs: 30_000 });
  expect(action.closed).toBe("success");
});

test("attempts that bring bytes cost nothing, however many it takes", async () => {
  const bench = await deviceBench();
  const { server, boot, release } = bench;
  const offer = await release();
  const action = server.offer(offer);
  let attempts = 0;
  const agent = boot({ ddi: piecemeal(bench, Math.ceil(offer.image.length / 60), () => ++attempts > 0) });
  for (let turns = 0; turns < 30 && !action.closed; turns++) {
    await agent.turn();
    expect(agent.state?.update?.downloadsLeft ?? 40).toBe(40);
  }
  expect(action.closed).toBe("success");
  expect(attempts).toBeGreaterThan(40);
});

test("a download that brings nothing waits for the next poll", async () => {
  const { server, boot, release } = await deviceBench();
  server.offer(await release());
  server.fault = (request) => (request.startsWith("GET /images") ? "refuse" : "none");
  const agent = boot();
  expect(await agent.turn()).toEqual({ sleepMs: 30_000 });
  expect(agent.state?.update?.downloadsLeft).toBe(36);
});
