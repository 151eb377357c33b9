import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { openAppLink, type Visit } from "../../src/agent/app-link.ts";
import { thrownBy } from "../support/thrown-by.ts";

const visit: Visit = { device: "fan-1", phone: "phone-1", component: "app-ios", version: "4.2.0-rc.1+7" };

async function linkFor(
  receive: (visit: Visit) => Promise<never> | Promise<typeof answer>,
  log: string[] = [],
) {
  const link = await openAppLink({ port: 0, receive, log: (message) => void log.push(message) });
  onTestFinished(() => link.close());
  return link;
}

const answer = { device: "fan-1", component: "fan", version: "2.0.0", hardware: "fan-a1", answering: true };

async function post(url: string, body: string): Promise<{ status: number; value: unknown }> {
  const response = await fetch(`${url}/visits`, { method: "POST", body });
  return { status: response.status, value: await response.json() };
}

test("visits are received in their order, and each is answered", async () => {
  const seen: Visit[] = [];
  const { url } = await linkFor((one) => {
    seen.push(one);
    return Promise.resolve(answer);
  });
  const other = { ...visit, phone: "phone-2" };
  expect(await post(url, JSON.stringify({ visits: [visit, other] }))).toEqual({
    status: 200,
    value: { answers: [answer, answer] },
  });
  expect(seen).toEqual([visit, other]);
});

test.each([
  ["no JSON", "<html>"],
  ["no list", "{}"],
  ["null", "null"],
  ["a visit that is null", '{"visits":[null]}'],
  ["a version with a comma", JSON.stringify({ visits: [{ ...visit, version: "1,app@2" }] })],
  ["a component with an at sign", JSON.stringify({ visits: [{ ...visit, component: "a@b" }] })],
  ["a phone that is a number", JSON.stringify({ visits: [{ ...visit, phone: 7 }] })],
  ["a name without end", JSON.stringify({ visits: [{ ...visit, device: "x".repeat(200) }] })],
  ["too many visits", JSON.stringify({ visits: Array.from({ length: 5001 }, () => visit) })],
])("%s is refused whole", async (_, body) => {
  const { url } = await linkFor(() => Promise.reject(new Error("not to be called")));
  expect((await post(url, body)).status).toBe(400);
});

test("a body beyond the limit is not read to its end, and others are served on", async () => {
  const { url } = await linkFor(() => Promise.resolve(answer));
  const status = await new Promise<number | string>((resolve) => {
    const sending = request(`${url}/visits`, { method: "POST" }, (response) =>
      resolve(response.statusCode ?? 0),
    );
    sending.on("error", (error) => resolve(error.message));
    for (let i = 0; i < 40; i++) sending.write("x".repeat(64 * 1024));
  });
  // The refusal, or the cut that follows it when it overtakes the answer.
  expect([413, "read ECONNRESET", "write EPIPE", "write ECONNRESET"]).toContain(status);
  expect((await post(url, JSON.stringify({ visits: [visit] }))).status).toBe(200);
});

test("other addresses are not there, and a device that fails says so", async () => {
  const log: string[] = [];
  const { url } = await linkFor(() => Promise.reject(new Error("worn out")), log);
  expect((await fetch(url)).status).toBe(404);
  expect((await post(url, JSON.stringify({ visits: [visit] }))).status).toBe(500);
  expect(log).toEqual(["a visit failed: Error: worn out"]);
});

test("a port that is taken is an error of its own", async () => {
  const { url } = await linkFor(() => Promise.resolve(answer));
  const port = Number(new URL(url).port);
  const error = await thrownBy(() =>
    openAppLink({ port, receive: () => Promise.resolve(answer), log: () => {} }),
  );
  expect(error.code).toBe("IOT_PORT_IN_USE");
});
