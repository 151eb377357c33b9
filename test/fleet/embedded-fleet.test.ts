import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { EmbeddedFleet } from "../../src/fleet/embedded/embedded-fleet.ts";
import { artifactOf, startedFleet } from "../support/started-fleet.ts";
import { thrownBy } from "../support/thrown-by.ts";

/** A server that is not ours, and a fleet that talks to it; pauses between attempts are counted, not waited for. */
async function stranger(listener: RequestListener, options: { timeoutMs?: number } = {}) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const pauses: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void pauses.push(ms) };
  return {
    server,
    pauses,
    fleet: new EmbeddedFleet({ url: `http://127.0.0.1:${port}/`, token: "t", clock, ...options }),
  };
}

describe("EmbeddedFleet", () => {
  it("names a server that is away, after a few attempts", async () => {
    const { server, pauses, fleet } = await stranger(() => {});
    server.close();
    const error = await thrownBy(() => fleet.listDevices({ limit: 1 }));
    expect(error).toMatchObject({
      code: "IOT_FLEET_UNREACHABLE",
      exit: 7,
      hints: ["Start it: iotctl fleet serve"],
    });
    expect(error.message).toContain("ECONNREFUSED");
    expect(pauses).toEqual([100, 200, 400]);
  });

  it("names a token that is not taken, without trying it again", async () => {
    const { server } = await startedFleet();
    const fleet = new EmbeddedFleet({ url: server.url, token: "wrong", clock: new VirtualClock() });
    expect(await thrownBy(() => fleet.listDevices({ limit: 1 }))).toMatchObject({
      code: "IOT_FLEET_UNAUTHORIZED",
      exit: 7,
    });
    expect(await thrownBy(() => fleet.ensureArtifact(artifactOf(Buffer.alloc(3_000_000))))).toMatchObject({
      code: "IOT_FLEET_UNAUTHORIZED",
    });
  });

  it.each([500, 503, 429])("tries again after %i, and gets through", async (status) => {
    let requests = 0;
    const { fleet, pauses } = await stranger((_, response) => {
      requests += 1;
      response.writeHead(requests < 3 ? status : 200).end('{"devices":[],"next":null}');
    });
    expect(await fleet.listDevices({ limit: 1 })).toEqual({ devices: [], next: null });
    expect([requests, pauses]).toEqual([3, [100, 200]]);
  });

  it("tries again when a kept connection was closed under it", async () => {
    let requests = 0;
    const { fleet } = await stranger((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else response.end('{"devices":[],"next":null}');
    });
    for (let n = 0; n < 3; n += 1) await fleet.listDevices({ limit: 1 });
    expect(requests).toBe(4);
  });

  it("never registers twice: a broken answer is an error", async () => {
    let requests = 0;
    const { fleet } = await stranger((request) => {
      requests += 1;
      request.socket.destroy();
    });
    expect(await thrownBy(() => fleet.registerDevices([{ id: "d1" }]))).toMatchObject({
      code: "IOT_FLEET_UNREACHABLE",
    });
    expect(requests).toBe(1);
  });

  it("gives up on a server that does not answer", async () => {
    const { fleet } = await stranger(() => {}, { timeoutMs: 30 });
    const error = await thrownBy(() => fleet.listDevices({ limit: 1 }));
    expect(error.code).toBe("IOT_FLEET_UNREACHABLE");
    expect(error.message).toContain("nothing was heard for 30 ms");
  });

  it("does not mistake a captive portal for a fleet", async () => {
    const { fleet } = await stranger((_, response) => response.end("<html>Welcome</html>"));
    const error = await thrownBy(() => fleet.listDevices({ limit: 1 }));
    expect(error).toMatchObject({ code: "IOT_FLEET_REFUSED", exit: 7 });
    expect(error.message).toContain("not its API");
  });

  it("passes on why the server refused", async () => {
    const { fleet } = await startedFleet();
    expect(await thrownBy(() => fleet.getDevice("ghost"))).toMatchObject({
      code: "IOT_FLEET_DEVICE_UNKNOWN",
      exit: 2,
    });
    expect(await thrownBy(() => fleet.setLabels("ghost", { a: "b" }))).toMatchObject({
      code: "IOT_FLEET_DEVICE_UNKNOWN",
    });
    await fleet.registerDevices([{ id: "d1" }]);
    const error = await thrownBy(() => fleet.registerDevices([{ id: "d1" }]));
    expect(error).toMatchObject({
      code: "IOT_FLEET_REFUSED",
      details: { status: 409, reason: "device-exists" },
    });
  });

  it("registers, labels and remembers", async () => {
    const { fleet } = await startedFleet();
    await fleet.registerDevices([{ id: "d1", hardware: "fan-a1" }]);
    expect((await fleet.setLabels("d1", { ring: "canary", site: "x" })).labels).toEqual({
      ring: "canary",
      site: "x",
    });
    expect((await fleet.setLabels("d1", { site: null })).labels).toEqual({ ring: "canary" });
    expect((await fleet.history("d1")).map((event) => event.kind)).toEqual([
      "registered",
      "labels",
      "labels",
    ]);
  });

  it("uploads megabytes in a stream that waits for the server", async () => {
    const { fleet, server } = await startedFleet();
    const chunk = Buffer.alloc(256 * 1024, 7);
    const bytes = Buffer.concat(Array.from({ length: 64 }, () => chunk));
    let yielded = 0;
    const artifact = {
      ...artifactOf(bytes),
      open: async function* () {
        for (let n = 0; n < 64; n += 1) {
          yielded += 1;
          yield chunk;
        }
      },
    };
    await fleet.ensureArtifact(artifact);
    await fleet.ensureArtifact(artifact);
    expect(yielded).toBe(64);
    expect(server.url).toMatch(/^http:/);
  });

  it.each([
    ["less", Buffer.from("imag")],
    ["more", Buffer.from("image and more")],
    ["other", Buffer.from("egami")],
  ])("refuses a source that yields %s than it announced", async (_, bytes) => {
    const { fleet } = await startedFleet();
    const announced = artifactOf(Buffer.from("image"));
    const error = await thrownBy(() => fleet.ensureArtifact({ ...announced, open: artifactOf(bytes).open }));
    expect(error).toMatchObject({ code: "IOT_FLEET_ARTIFACT_DIFFERS", exit: 3 });
    await fleet.ensureArtifact(announced);
  });

  it("passes on what the source of an upload throws, and closes the source", async () => {
    const { fleet } = await startedFleet();
    let closed = 0;
    const open = async function* () {
      try {
        yield Buffer.from("im");
        throw new IotctlError("IOT_FILE_UNREADABLE", "the disk is gone");
      } finally {
        closed += 1;
      }
    };
    const artifact = { ...artifactOf(Buffer.from("image")), open };
    expect(await thrownBy(() => fleet.ensureArtifact(artifact))).toMatchObject({
      code: "IOT_FILE_UNREADABLE",
    });
    expect(closed).toBe(1);
  });
});
