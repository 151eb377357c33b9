import { describe, expect, it } from "vitest";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type { JournalEntry, JournalRecord } from "../../src/rollout/journal/journal.ts";
import { recordBytesMax } from "../../src/server/control/control-api.ts";
import { httpExchange } from "../support/http-exchange.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { startedFleet } from "../support/started-fleet.ts";

const entry = (reason: string): JournalEntry => ({
  at: 7,
  event: { type: "paused", by: "ann", reason },
  effects: [],
});
const first = chainRecord(undefined, entry("a"));
const second = chainRecord(first, entry("b"));

async function control(options: Parameters<typeof startedFleet>[0] = {}) {
  const { server } = await startedFleet(options);
  const send = (method: string, path: string, body?: unknown) =>
    httpExchange(server.url, `/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${server.controlToken}` },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const put = (seq: number, record: unknown) => send("PUT", `/rollouts/fan/records/${seq}`, record);
  return { server, send, put };
}

describe("rollouts of the control API", () => {
  it("are for the operator", async () => {
    const { server } = await control();
    for (const [method, path] of [
      ["GET", "/rollouts"],
      ["GET", "/rollouts/fan/records"],
      ["PUT", "/rollouts/fan/records/1"],
      ["PUT", "/leases/turn:fan"],
    ] as const) {
      expect((await httpExchange(server.url, `/api/v1${path}`, { method })).status).toBe(401);
    }
  });

  it("take each record once, behind the one before", async () => {
    const { put, send } = await control();
    expect((await send("GET", "/rollouts/fan/records")).json.error.code).toBe("rollout-unknown");
    expect((await put(2, second)).json.error.code).toBe("record-misplaced");
    expect((await put(1, first)).status).toBe(201);
    expect((await put(1, first)).status).toBe(200);
    const other = await put(1, chainRecord(undefined, entry("x")));
    expect([other.status, other.json.error.code]).toEqual([409, "record-taken"]);
    const behindOther = await put(2, chainRecord(chainRecord(undefined, entry("x")), entry("b")));
    expect([behindOther.status, behindOther.json.error.code]).toEqual([409, "record-misplaced"]);
    expect((await put(2, { ...second, at: 8 })).json.error).toMatchObject({
      code: "record-misplaced",
      message: expect.stringContaining("its content"),
    });
    expect((await put(2, second)).status).toBe(201);
    const { records, newest } = (await send("GET", "/rollouts/fan/records?from=2")).json;
    expect(records.map((text: string) => JSON.parse(text) as JournalRecord)).toEqual([second]);
    expect(newest).toEqual({ seq: 2, hash: second.hash });
    expect((await send("GET", "/rollouts")).json).toEqual({
      rollouts: [{ id: "fan", beganAtMs: 7 }],
      next: null,
    });
  });

  it.each<[string, string, unknown, number, string]>([
    ["PUT", "/rollouts/fan/records/0", first, 400, "malformed-seq"],
    ["PUT", "/rollouts/fan/records/x", first, 400, "malformed-seq"],
    ["PUT", "/rollouts/..%2Ffan/records/1", first, 400, "malformed-rollout"],
    ["PUT", "/rollouts/fan/records/1", "{", 400, "malformed-record"],
    ["PUT", "/rollouts/fan/records/1", "null", 400, "malformed-record"],
    ["PUT", "/rollouts/fan/records/1", {}, 400, "malformed-record"],
    ["PUT", "/rollouts/fan/records/1", second, 400, "malformed-record"],
    ["PUT", "/rollouts/fan/records/1", { ...first, at: "now" }, 400, "malformed-record"],
    ["PUT", "/rollouts/fan/records/1", "x".repeat(recordBytesMax + 1), 413, "body-too-large"],
    ["GET", "/rollouts/fan/records?from=-1", undefined, 400, "malformed-seq"],
    ["PUT", "/leases/a b", { holder: "me", holdMs: 1 }, 400, "malformed-body"],
    ["PUT", "/leases/turn", { holder: "", holdMs: 1 }, 400, "malformed-body"],
    ["PUT", "/leases/turn", { holder: "me", holdMs: 1.5 }, 400, "malformed-body"],
    ["PUT", "/leases/turn", { holder: "me", holdMs: 3_600_001 }, 400, "malformed-body"],
    ["PUT", "/leases/turn", null, 400, "malformed-body"],
  ])("refuse %s %s (case %#)", async (method, path, body, status, code) => {
    const { send } = await control();
    const answer = await send(method, path.replace(" ", "%20"), body);
    expect([answer.status, answer.json.error.code]).toEqual([status, code]);
    expect((await send("GET", "/rollouts")).json.rollouts).toEqual([]);
  });

  it("lease to one at a time, until it ends or is let go", async () => {
    const clock = new ImpatientClock();
    const { send } = await control({ clock });
    const take = async (holder: string, holdMs: number): Promise<number> =>
      (await send("PUT", "/leases/turn", { holder, holdMs })).status;
    expect(await take("a", 100)).toBe(200);
    expect(await take("b", 100)).toBe(409);
    expect(await take("b", 0)).toBe(409);
    clock.leap(99);
    expect(await take("b", 100)).toBe(409);
    expect(await take("a", 100)).toBe(200);
    clock.leap(99);
    expect(await take("b", 100)).toBe(409);
    clock.leap(1);
    expect(await take("b", 100)).toBe(200);
    expect(await take("a", 100)).toBe(409);
    expect(await take("b", 0)).toBe(200);
    expect(await take("a", 100)).toBe(200);
    // Set back by a day: nobody holds a lease for so long.
    clock.leap(-86_400_000);
    expect(await take("b", 100)).toBe(200);
  });
});
