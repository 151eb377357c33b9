import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { openAppLink, type VisitAnswer } from "../../src/agent/app-link.ts";
import { listen } from "../../src/base/listen.ts";
import type { Visit } from "../../src/simulation/phone-population.ts";
import { PhoneVisits } from "../../src/simulation/phone-visits.ts";

const visit = (phone: string, device: string, version: string): Visit => ({
  phone,
  device,
  component: "app",
  version,
  link: null,
});

/** Sends one batch through one link and waits until it is over. */
async function summaryOf(url: string, visits: readonly Visit[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sender = new PhoneVisits(() => resolve());
  sender.setLinks([{ url, devices: "*" }]);
  sender.send(visits);
  await promise;
  await sender.stop();
  return sender.summary();
}

test("two phones of one device in a batch each count what they met themselves", async () => {
  // The device is updated between the two visits, as happens in the middle of a rollout.
  const answers: Record<string, Pick<VisitAnswer, "version" | "answering">> = {
    early: { version: "1.9.4", answering: false },
    late: { version: "2.0.0", answering: true },
  };
  const link = await openAppLink({
    port: 0,
    log: () => {},
    receive: async ({ device, phone }) => ({
      device,
      component: "fan",
      hardware: "fan-a1",
      ...answers[phone]!,
    }),
  });
  onTestFinished(() => link.close());
  const visits = [visit("early", "device-1", "4.1.0"), visit("late", "device-1", "4.2.0")];
  expect(await summaryOf(link.url, visits)).toEqual({
    meetings: [
      {
        app: { component: "app", version: "4.1.0" },
        device: { component: "fan", version: "1.9.4" },
        answering: false,
        count: 1,
      },
      {
        app: { component: "app", version: "4.2.0" },
        device: { component: "fan", version: "2.0.0" },
        answering: true,
        count: 1,
      },
    ],
    visits: { met: 2, failed: 0, unlinked: 0 },
  });
});

test("an answer for another device, a malformed one and a missing one are failed visits", async () => {
  const good = { component: "fan", version: "2.0.0", hardware: "fan-a1", answering: true };
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ answers: [{ device: "b", ...good }, null, { device: "c", ...good }] })),
  );
  const url = await listen(server, "127.0.0.1", 0);
  onTestFinished(() => (server.closeAllConnections(), void server.close()));
  const visits = ["a", "b", "c", "d"].map((device) => visit(`phone-${device}`, device, "4.1.0"));
  const summary = await summaryOf(url, visits);
  expect(summary.visits).toEqual({ met: 1, failed: 3, unlinked: 0 });
  expect(summary.meetings).toMatchObject([{ count: 1 }]);
});
