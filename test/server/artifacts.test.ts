import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { httpExchange } from "../support/http-exchange.ts";
import { artifactOf, digestOf, firmware, startedFleet } from "../support/started-fleet.ts";

async function fleetWithImage(bytes: Uint8Array) {
  const started = await startedFleet();
  const device = await started.addDevice("d1");
  const { assignment, image, attestation } = firmware("2.0.0", bytes);
  await started.fleet.ensureArtifact(image);
  await started.fleet.ensureAttestation(attestation);
  await started.fleet.assign(assignment, ["d1"]);
  const path = `${device.root}/softwaremodules/11/artifacts/fan%20a1.bin`;
  return { ...started, device, path, image };
}

describe("artifacts for devices", () => {
  it("serves exactly the bytes of any range, and resumes to the whole", async () => {
    const bytes = randomBytes(700_001);
    const { device, path } = await fleetWithImage(bytes);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 700_000 }), fc.nat({ max: 700_100 }), async (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const answer = await device.send(path, { headers: { range: `bytes=${first}-${last}` } });
        const part = bytes.subarray(first, last + 1);
        expect(answer.status).toBe(206);
        expect(answer.headers["content-range"]).toBe(
          `bytes ${first}-${first + part.length - 1}/${bytes.length}`,
        );
        expect(answer.headers["content-length"]).toBe(String(part.length));
        expect(answer.body.equals(part)).toBe(true);
      }),
      { numRuns: 40 },
    );
    const head = await device.send(path, { headers: { range: "bytes=0-299999" } });
    const rest = await device.send(path, { headers: { range: "bytes=300000-" } });
    expect(Buffer.concat([head.body, rest.body]).equals(bytes)).toBe(true);
    const tail = await device.send(path, { headers: { range: "bytes=-10" } });
    expect(tail.body.equals(bytes.subarray(-10))).toBe(true);
  });

  it("answers 416 at the end, and the whole to several ranges at once", async () => {
    const { device, path, image } = await fleetWithImage(randomBytes(1000));
    const end = await device.send(path, { headers: { range: "bytes=1000-" } });
    expect([end.status, end.headers["content-range"], end.text]).toEqual([416, "bytes */1000", ""]);
    const several = await device.send(path, { headers: { range: "bytes=0-1,5-6" } });
    expect([several.status, digestOf(several.body)]).toEqual([200, image.digest]);
  });

  it("resumes only what is still the same: If-Range, If-Match, ETag", async () => {
    const { device, path, image } = await fleetWithImage(randomBytes(1000));
    const { headers } = await device.send(path);
    expect(headers["etag"]).toBe(`"${image.digest.slice(7)}"`);
    const range = { range: "bytes=10-19" };
    const statuses = await Promise.all(
      [
        { ...range, "if-range": headers["etag"] ?? "" },
        { ...range, "if-range": '"another"' },
        { ...range, "if-range": "Sun, 22 Nov 2026 08:00:00 GMT" },
        { ...range, "if-match": '"another"' },
        { ...range, "if-match": `"x", ${headers["etag"]}` },
        { ...range, "if-match": "*" },
      ].map(async (conditions) => (await device.send(path, { headers: conditions })).status),
    );
    expect(statuses).toEqual([206, 200, 200, 412, 206, 206]);
  });

  it("answers HEAD, which SWUpdate sends first, and the checksum file", async () => {
    const bytes = randomBytes(1000);
    const { device, path } = await fleetWithImage(bytes);
    const head = await device.send(path, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.headers["accept-ranges"]]).toEqual([
      200,
      "1000",
      "bytes",
    ]);
    expect(head.body).toHaveLength(0);
    const md5 = await device.send(`${path}.MD5SUM`);
    expect(md5.text).toBe(`${createHash("md5").update(bytes).digest("hex")}  fan a1.bin`);
    expect((await device.send(`${path}.MD5SUM`, { method: "HEAD" })).status).toBe(404);
  });

  it("serves an empty image", async () => {
    const { device, path } = await fleetWithImage(Buffer.alloc(0));
    const answer = await device.send(path);
    expect([answer.status, answer.headers["content-length"], answer.text]).toEqual([200, "0", ""]);
  });

  it("knows only the one file, however the address is written", async () => {
    const { device, path, dir } = await fleetWithImage(Buffer.from("image"));
    expect(readdirSync(dir)).toContain("control-token");
    const artifacts = `${device.root}/softwaremodules/11/artifacts`;
    const names = [
      "control-token",
      "..%2f..%2fcontrol-token",
      "../../../control-token",
      "%2e%2e",
      "..",
      "fan%20a1.bin%00",
      "fan%20a1.bin/",
      "FAN%20A1.BIN",
      ".MD5SUM",
      "",
    ];
    for (const name of names) {
      const answer = await device.send(`${artifacts}/${name}`);
      expect([name, answer.status]).toEqual([name, 404]);
    }
    expect((await device.send(`${artifacts}/%zz`)).status).toBe(400);
    expect((await device.send(path.replace("/11/", "/011/"))).status).toBe(404);
  });
});

describe("artifacts from operators", () => {
  const put = (
    base: string,
    token: string,
    digest: string,
    body: Uint8Array,
    more: Record<string, string> = {},
  ) =>
    httpExchange(base, `/api/v1/artifacts/${digest}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-length": String(body.length), ...more },
      body,
    });

  it("takes an upload once, and says so the second time", async () => {
    const { server } = await startedFleet();
    const { digest } = artifactOf(Buffer.from("image"));
    const head = () =>
      httpExchange(server.url, `/api/v1/artifacts/${digest}`, {
        method: "HEAD",
        headers: { authorization: `Bearer ${server.controlToken}` },
      });
    expect((await head()).status).toBe(404);
    expect((await put(server.url, server.controlToken, digest, Buffer.from("image"))).status).toBe(201);
    expect((await head()).status).toBe(200);
    expect((await put(server.url, server.controlToken, digest, Buffer.from("image"))).status).toBe(200);
  });

  it("takes the same upload twice at once", async () => {
    const { server } = await startedFleet();
    const bytes = randomBytes(300_000);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => put(server.url, server.controlToken, digestOf(bytes), bytes)),
    );
    for (const { status } of answers) expect([200, 201]).toContain(status);
  });

  it("refuses other bytes than announced, and keeps nothing of them", async () => {
    const { server, dir } = await startedFleet();
    const answer = await put(
      server.url,
      server.controlToken,
      digestOf(Buffer.from("image")),
      Buffer.from("other"),
    );
    expect([answer.status, answer.json.error.code]).toEqual([422, "wrong-digest"]);
    expect(readdirSync(join(dir, "storage", "incoming"))).toEqual([]);
    expect(readdirSync(join(dir, "storage", "blobs"))).toEqual([]);
  });

  it("keeps nothing of an upload that breaks off", async () => {
    const { server, dir } = await startedFleet();
    const { hostname, port } = new URL(server.url);
    const incoming = join(dir, "storage", "incoming");
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT /api/v1/artifacts/${digestOf(Buffer.from("x"))} HTTP/1.1\r\nhost: x\r\n` +
        `authorization: Bearer ${server.controlToken}\r\ncontent-length: 100\r\n\r\nhalf`,
    );
    await expect.poll(() => readdirSync(incoming).length).toBe(1);
    socket.destroy();
    await expect.poll(() => readdirSync(incoming).length).toBe(0);
  });

  it("refuses what it cannot hold before a byte is sent", async () => {
    const { server } = await startedFleet({ limits: { artifactBytesMax: 10 } });
    const digest = digestOf(Buffer.from("image"));
    const headers = { authorization: `Bearer ${server.controlToken}`, expect: "100-continue" };
    const send = (more: Record<string, string>) =>
      httpExchange(server.url, `/api/v1/artifacts/${digest}`, {
        method: "PUT",
        headers: { ...headers, ...more },
      });
    expect((await send({ "content-length": "11" })).status).toBe(413);
    expect((await send({ "transfer-encoding": "chunked" })).status).toBe(411);
    const wrong = await httpExchange(server.url, "/api/v1/artifacts/sha256:XYZ", { method: "PUT", headers });
    expect(wrong.status).toBe(400);
  });
});
