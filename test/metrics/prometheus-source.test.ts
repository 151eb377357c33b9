import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { PrometheusSource } from "../../src/metrics/prometheus/prometheus-source.ts";
import { readAnswer } from "../../src/metrics/prometheus/read-answer.ts";
import { freePort } from "../support/free-port.ts";
import { thrownBy } from "../support/thrown-by.ts";

const secret = "top-secret-token";
const token = (): string => secret;
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A source of a server that answers in its own way. */
async function sourceOf(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer(answer);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new PrometheusSource({ url: `http://127.0.0.1:${port}/tenant/`, token, timeoutMs: 300 });
}

const success = (data: unknown) => readAnswer(200, { status: "success", data });

describe("PrometheusSource", () => {
  it("posts the query as a form, below the path of its address, with the token", async () => {
    const seen: unknown[] = [];
    const source = await sourceOf(async (request, response) => {
      const { authorization, "content-type": type } = request.headers;
      const form = Object.fromEntries(new URLSearchParams(await text(request)));
      seen.push(request.method, request.url, authorization, type, form);
      const data = { resultType: "scalar", result: [0, "1"] };
      response.end(JSON.stringify({ status: "success", warnings: ["PromQL info: odd"], data }));
    });
    expect(await source.query('up{a="+ &"}', 1_764_547_200_123)).toEqual({ value: 1 });
    expect(seen).toEqual([
      "POST",
      "/tenant/api/v1/query",
      `Bearer ${secret}`,
      "application/x-www-form-urlencoded;charset=UTF-8",
      { query: 'up{a="+ &"}', time: "1764547200.123", timeout: "300ms" },
    ]);
  });

  it("says so where something else answers, or nobody is let in", async () => {
    const answering = async (status: number, body: string) =>
      (await sourceOf((_, response) => response.writeHead(status).end(body))).query("up", 0);
    expect(await answering(502, "<html>")).toEqual({
      problem: "something else than Prometheus answers, with status 502",
    });
    expect(await answering(200, "{}")).toMatchObject({ problem: expect.stringContaining("something else") });
    expect(await answering(401, "")).toEqual({ problem: "the server lets nobody in, status 401" });
    const echo = JSON.stringify({ status: "error", errorType: "bad_data", error: `not for ${secret}` });
    expect(await answering(400, echo)).toEqual({ problem: "bad_data: not for [token]", refused: true });
  });

  it("gives up on who gives no answer, no end of one or another address, and never tells the token", async () => {
    const errors = await Promise.all(
      [
        await sourceOf(() => {}),
        await sourceOf((_, response) => response.end("x".repeat(1024 * 1024 + 1))),
        await sourceOf((_, response) => response.writeHead(307, { location: "http://127.0.0.1:1/" }).end()),
        await sourceOf((request) => request.socket.destroy()),
        new PrometheusSource({ url: `http://127.0.0.1:${await freePort()}`, token }),
        new PrometheusSource({ url: "http://127.0.0.1:1", token: () => `${secret}\nx` }),
      ].map((source) => thrownBy(() => source.query("up", 0))),
    );
    for (const error of errors) {
      expect(error).toMatchObject({ code: "IOT_METRICS_UNREACHABLE", exit: 7 });
      expect(error.message).not.toMatch(/: \.$/);
      expect(JSON.stringify([error.message, error.hints, error.details])).not.toContain(secret);
      expect(error.cause).toBeUndefined();
    }
    expect(errors[1]!.message).toContain("longer than 1048576 bytes");
    // The address once, so that it fits a line.
    expect(errors[4]!.message).toMatch(
      /^Prometheus at http:[^ ]+:\d+ gives no answer: connect ECONNREFUSED\.$/,
    );
  });
});

describe("readAnswer", () => {
  it("takes one sample or a scalar for a number, and only numbers that are some", () => {
    expect(success({ resultType: "vector", result: [{ metric: {}, value: [1, "-1.5e+3"] }] })).toEqual({
      value: -1500,
    });
    for (const said of ["NaN", "+Inf", "-Inf", "", " ", "0x10", "1e999", "one"]) {
      expect(success({ resultType: "scalar", result: [1, said] })).toEqual({
        problem: `the number is ${said}`,
      });
    }
  });

  it("takes nothing else for one", () => {
    for (const data of [
      undefined,
      {},
      { resultType: "vector" },
      { resultType: "vector", result: [{ metric: {}, histogram: [1, { count: "3" }] }] },
      { resultType: "scalar", result: 5 },
      { resultType: "scalar", result: [1, 5] },
      { resultType: "streams", result: [] },
    ]) {
      expect(success(data)).toEqual({ problem: expect.any(String) as string });
    }
    for (const value of [undefined, null, "success", [], { status: "fine" }]) {
      expect(readAnswer(200, value)).toEqual({
        problem: expect.stringContaining("something else") as string,
      });
    }
  });

  it("keeps a server's words to a sentence", () => {
    const answer = readAnswer(400, { status: "error", errorType: "bad_data", error: "x".repeat(10_000) });
    expect((answer as { problem: string }).problem).toHaveLength(300);
  });
});
