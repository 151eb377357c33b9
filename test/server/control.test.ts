import { describe, expect, it } from "vitest";
import { httpExchange } from "../support/http-exchange.ts";
import { digestOf, firmware, startedFleet } from "../support/started-fleet.ts";

async function control(options: Parameters<typeof startedFleet>[0] = {}) {
  const started = await startedFleet(options);
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    httpExchange(started.server.url, `/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${started.server.controlToken}`, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return { ...started, send };
}

describe("control API", () => {
  it("takes nothing but the control token", async () => {
    const { server, addDevice, send } = await control();
    const device = await addDevice("d1");
    const headers = [
      {},
      { authorization: "Bearer " },
      { authorization: "Bearer wrong" },
      { authorization: `Bearer ${device.token}` },
      { authorization: `TargetToken ${server.controlToken}` },
      { authorization: `Bearer ${server.controlToken} x` },
    ];
    for (const each of headers) {
      const answer = await httpExchange(server.url, "/api/v1/devices", { headers: each });
      expect([answer.status, answer.json.error.code]).toEqual([401, "unauthorized"]);
    }
    expect((await send("GET", "/devices")).status).toBe(200);
    expect(
      (
        await httpExchange(server.url, device.root, {
          headers: { authorization: `Bearer ${server.controlToken}` },
        })
      ).status,
    ).toBe(401);
  });

  it("says that it is well to anybody, and nothing else", async () => {
    const { server } = await control();
    const answer = await httpExchange(server.url, "/api/v1/health");
    expect([answer.status, answer.json]).toEqual([200, { status: "ok" }]);
  });

  it("registers all devices of a request or none, and shows each token once", async () => {
    const { send } = await control();
    const created = await send("POST", "/devices", { devices: [{ id: "d1" }, { id: "d2", hardware: "a1" }] });
    expect(created.status).toBe(201);
    const tokens: string[] = created.json.devices.map((device: { token: string }) => device.token);
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{32,}$/);
    const again = await send("POST", "/devices", { devices: [{ id: "d3" }, { id: "d2" }] });
    expect([again.status, again.json.error.code]).toEqual([409, "device-exists"]);
    const listed = await send("GET", "/devices");
    expect(listed.json.devices.map((device: { id: string }) => device.id)).toEqual(["d1", "d2"]);
    for (const token of tokens) expect(listed.text).not.toContain(token);
    const twice = await send("POST", "/devices", { devices: [{ id: "d4" }, { id: "d4" }] });
    expect(twice.status).toBe(409);
  });

  it("sets and removes labels, and remembers that it did", async () => {
    const { send } = await control();
    await send("POST", "/devices", { devices: [{ id: "d1", labels: { ring: "canary", site: "x" } }] });
    const patched = await send("PATCH", "/devices/d1", { labels: { ring: "fleet", site: null, none: null } });
    expect(patched.json.device.labels).toEqual({ ring: "fleet" });
    expect(patched.json.history.at(-1)).toMatchObject({
      kind: "labels",
      message: "ring=fleet, -site, -none",
    });
    expect((await send("PATCH", "/devices/ghost", { labels: {} })).json.error.code).toBe("device-unknown");
  });

  it.each<[string, string, unknown, string]>([
    ["POST", "/devices", "{", "malformed-body"],
    ["POST", "/devices", [], "malformed-body"],
    ["POST", "/devices", { devices: [null] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "a/b" }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "__proto__" }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "constructor" }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: ".." }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "a".repeat(65) }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "a", hardware: 1 }] }, "malformed-body"],
    ["POST", "/devices", { devices: [{ id: "a", labels: { "": "x" } }] }, "malformed-labels"],
    [
      "POST",
      "/devices",
      { devices: Array.from({ length: 1001 }, (_, n) => ({ id: `d${n}` })) },
      "too-many-devices",
    ],
    ["PATCH", "/devices/d1", {}, "malformed-body"],
    ["PATCH", "/devices/d1", { labels: { a: 1 } }, "malformed-labels"],
    ["GET", "/devices?limit=0", undefined, "malformed-limit"],
    ["GET", "/devices?limit=1001", undefined, "malformed-limit"],
    ["GET", "/devices?limit=1e2", undefined, "malformed-limit"],
    ["PUT", `/assignments/${"a".repeat(129)}`, {}, "malformed-assignment"],
    ["PUT", "/assignments/a%20b", {}, "malformed-assignment"],
    ["PUT", "/assignments/a", { deviceIds: "all" }, "malformed-body"],
    ["POST", "/assignments/a/cancel", { deviceIds: [7] }, "malformed-body"],
  ])("answers 400 to %s %s, case %#", async (method, path, body, code) => {
    const { send } = await control();
    const answer = await send(method, path, body);
    expect([answer.status, answer.json.error.code]).toEqual([400, code]);
  });

  it("refuses an assignment whose image or signed release it does not have", async () => {
    const { fleet, send, addDevice } = await control();
    await addDevice("d1");
    const { assignment, image, attestation } = firmware("2.0.0");
    const { id, ...content } = assignment;
    const assign = (more: object = {}) =>
      send("PUT", `/assignments/${id}`, { ...content, deviceIds: ["d1"], ...more });
    expect((await assign()).json.error.code).toBe("artifact-missing");
    await fleet.ensureArtifact(image);
    expect((await assign()).json.error.code).toBe("attestation-missing");
    await fleet.ensureAttestation(attestation);
    const unknown = Array.from({ length: 17 }, (_, n) => digestOf(Buffer.from([n])));
    const context = (count: number) => assign({ contextDigests: unknown.slice(0, count) });
    expect((await context(16)).json.error.code).toBe("attestation-missing");
    expect((await context(17)).json.error.code).toBe("too-many-contexts");
    expect((await assign({ contextDigests: ["sha256:0"] })).json.error.code).toBe("malformed-body");
    const { "fan-a1": variant } = content.variants;
    const lie = { "fan-a1": { ...variant, sizeBytes: 1 } };
    expect((await assign({ variants: lie })).json.error.code).toBe("artifact-differs");
    const escape = { "fan-a1": { ...variant, filename: "../fan.bin" } };
    expect((await assign({ variants: escape })).json.error.code).toBe("malformed-body");
    expect((await assign()).json).toEqual({ assigned: ["d1"], refused: [] });
    const differs = await assign({ version: "2.0.1" });
    expect([differs.status, differs.json.error.code]).toEqual([409, "assignment-differs"]);
  });

  it("assigns many devices in one request, and cancels more than a page of them", async () => {
    const { fleet, give } = await control();
    const ids = Array.from({ length: 1500 }, (_, n) => `d${String(n).padStart(4, "0")}`);
    await fleet.registerDevices(ids.map((id) => ({ id, hardware: "fan-a1" })));
    await give("2.0.0", ids);
    const { canceled } = await fleet.cancel("rollout-1:2.0.0");
    expect(canceled).toEqual(ids);
  });
});
