import { rmSync } from "node:fs";
import { type Server, type ServerResponse, createServer } from "node:http";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { listen } from "../base/listen.ts";
import type { Random } from "../base/random.ts";
import { PhonePopulation } from "./phone-population.ts";
import { SimulatedTime } from "./simulated-time.ts";
import { type StorefrontAnswer, answerStorefrontRequest, refuse } from "./storefront-routes.ts";
import { StorefrontStore } from "./storefront-store.ts";
import { StorefrontWorld } from "./storefront-world.ts";

export interface StorefrontServerOptions {
  /** Holds the state and `address.json`; one storefront at a time. */
  readonly dir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Simulated milliseconds per real millisecond. */
  readonly timeScale: number;
  /** Mean delay between being offered a version and having it; simulated. */
  readonly adoptionMeanMs: number;
  /** How often a phone visits its device; simulated. */
  readonly visitIntervalMs: number;
  /** Share of iOS users who install by hand as soon as a version is public, 0 to 100. */
  readonly eagerPercent: number;
  /** How long a published version is in review; simulated. */
  readonly reviewDelayMs: number;
  /** Every so many writes one is turned away as busy, with nothing done; absent: none. For tests. */
  readonly refuseEvery?: number;
  /** Hears where it listens, and of trouble that no request could be told of. */
  readonly log?: (line: string) => void;
}

export interface StorefrontServer {
  readonly url: string;
  close(): Promise<void>;
}

const turnIntervalMs = 50;

/**
 * A store with its users on loopback: the local `Storefront` and the phones of a rehearsal. Keeps
 * its state in `dir`, where a kill at any moment loses nothing that was answered. Throws
 * IOT_STOREFRONT_IN_USE, IOT_STOREFRONT_STATE_INVALID or IOT_PORT_IN_USE.
 */
export async function startStorefrontServer(options: StorefrontServerOptions): Promise<StorefrontServer> {
  const { dir, host = "127.0.0.1", port = 0, clock, log = () => {} } = options;
  const store = new StorefrontStore(dir);
  const world = new StorefrontWorld({
    store,
    time: new SimulatedTime(clock, options.timeScale, store.loadTimeAnchor()),
    population: new PhonePopulation(options),
    reviewDelayMs: options.reviewDelayMs,
  });
  const server = createHttpServer(world, options.refuseEvery ?? Infinity);
  const url = await listen(server, host, port).catch(async (error: unknown) => {
    await world.stop();
    throw error;
  });
  const addressFile = join(dir, "address.json");
  writeFileAtomic(addressFile, `${JSON.stringify({ url, pid: process.pid })}\n`);

  log(`Storefront listens on ${url}.`);

  const stopped = new AbortController();
  const turning = turnUntil(stopped.signal, world, clock, log);
  return {
    url,
    async close() {
      stopped.abort();
      await turning;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await world.stop();
      rmSync(addressFile, { force: true });
    },
  };
}

async function turnUntil(
  signal: AbortSignal,
  world: StorefrontWorld,
  clock: Clock,
  log: (line: string) => void,
): Promise<void> {
  let trouble = "";
  while (!signal.aborted) {
    const before = trouble;
    try {
      world.turn();
      trouble = "";
    } catch (error) {
      // Nothing was installed; the next turn tries again, a full disk may have room by then.
      trouble = messageOf(error);
    }
    if (trouble !== before) log(trouble === "" ? "The phones go on." : `The phones stand still: ${trouble}`);
    await clock.sleep(turnIntervalMs, signal).catch(() => {});
  }
}

function createHttpServer(world: StorefrontWorld, refuseEvery: number): Server {
  let writes = 0;
  return createServer((request, response) => {
    if (request.method === "POST" && ++writes % refuseEvery === 0) {
      send(response, refuse(503, "busy", "The storefront is busy."));
      return;
    }
    void answerStorefrontRequest(request, world).then((answer) => send(response, answer));
  });
}

function send(response: ServerResponse, { status, body }: StorefrontAnswer): void {
  const text = JSON.stringify(body);
  // A refusal may come before the request was read to its end, so the connection cannot be used again.
  const connection = status === 200 ? "keep-alive" : "close";
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    connection,
  });
  response.end(text);
}
