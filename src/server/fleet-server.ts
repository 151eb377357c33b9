import { mkdirSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { IotctlError, isSystemError, messageOf } from "../base/errors.ts";
import { listen } from "../base/listen.ts";
import { loadControlToken } from "./control-token.ts";
import { openDatabase } from "./database.ts";
import { lockDirectory } from "./directory-lock.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import { readLastPort, writeLastPort } from "./last-port.ts";
import { requestListener } from "./request-listener.ts";
import { fleetRoutes } from "./routes.ts";
import { tokenHash } from "./tokens.ts";

export interface FleetServerOptions {
  /** Holds everything the server keeps; made when missing, used by one server at a time. */
  readonly dir: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0: any that is free. Default: the one of the last time where it is free, else any. */
  readonly port?: number;
  /** How long devices are told to sleep between polls; on the wire 1 s to a day, in whole seconds. */
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  /** Takes lines for the operator: failures nobody expected. */
  readonly log?: (line: string) => void;
  readonly limits?: Partial<FleetServerLimits>;
}

interface FleetServerLimits {
  /** Until the head of a request must be there. */
  readonly headersTimeoutMs: number;
  /** A connection on which nothing moves during a request is cut. */
  readonly idleTimeoutMs: number;
  /** Until a request must be there whole, an upload too. */
  readonly requestTimeoutMs: number;
  readonly artifactBytesMax: number;
  readonly connectionsMax: number;
  /** How much last contact a crash may lose. */
  readonly contactSaveMs: number;
}

const defaultLimits: FleetServerLimits = {
  headersTimeoutMs: 15_000,
  idleTimeoutMs: 60_000,
  requestTimeoutMs: 3_600_000,
  artifactBytesMax: 8 * 1024 ** 3,
  connectionsMax: 20_000,
  contactSaveMs: 5_000,
};

export interface FleetServer {
  readonly url: string;
  readonly controlToken: string;
  close(): Promise<void>;
}

/**
 * Starts the embedded fleet server: DDI for devices, the control API for `EmbeddedFleet`. Writes
 * `address.json` and `control-token` (0600) into its directory. Throws IOT_FLEET_DIR_IN_USE,
 * IOT_PORT_IN_USE, IOT_FLEET_ADDRESS_UNUSABLE, IOT_FLEET_DATABASE_NEWER or
 * IOT_FLEET_DATABASE_UNREADABLE, and then leaves nothing running.
 */
export async function startFleetServer(options: FleetServerOptions): Promise<FleetServer> {
  const { dir, host = "127.0.0.1", pollIntervalMs, clock, log = () => {} } = options;
  const limits = { ...defaultLimits, ...options.limits };
  mkdirSync(dir, { recursive: true });
  const portFile = join(dir, "last-port");
  const port = options.port ?? readLastPort(portFile);
  const held: (() => void)[] = [];
  const release = (): void => {
    for (const letGo of held.splice(0).toReversed()) letGo();
  };
  try {
    const lock = lockDirectory(dir);
    held.push(() => lock.release());
    const database = openDatabase(join(dir, "fleet.db"));
    held.push(() => database.close());
    const fleet = openFleet(database, dir, clock);
    const controlToken = loadControlToken(join(dir, "control-token"));
    const control = { fleet, tokenHash: tokenHash(controlToken), artifactBytesMax: limits.artifactBytesMax };
    const server = createHttpServer(requestListener(fleetRoutes(control, pollIntervalMs), log), limits);
    held.push(() => server.close());
    const url = await listen(server, host, port).catch((error: unknown) => {
      if (options.port !== undefined || !isPortTaken(error)) throw error;
      log(`Port ${port}, where devices look for it, is taken by another program; it takes another one.`);
      return listen(server, host, 0);
    });
    writeLastPort(portFile, url);
    const addressFile = join(dir, "address.json");
    writeFileAtomic(addressFile, `${JSON.stringify({ url, pid: process.pid })}\n`);
    const contacts = saveContacts(fleet, limits.contactSaveMs, log);
    let closed: Promise<void> | undefined;
    const closeOnce = async (): Promise<void> => {
      await closeServer(server, fleet);
      await contacts.stop();
      rmSync(addressFile, { force: true });
      release();
    };
    return { url, controlToken, close: () => (closed ??= closeOnce()) };
  } catch (error) {
    release();
    throw addressError(error, host, port);
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof IotctlError && error.code === "IOT_PORT_IN_USE";
}

function createHttpServer(listener: RequestListener, limits: FleetServerLimits): Server {
  const server = createServer({
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs, 5_000),
    // Longer than most polls are apart, so that a device keeps its connection.
    keepAliveTimeout: 65_000,
  });
  server.timeout = limits.idleTimeoutMs;
  server.maxConnections = limits.connectionsMax;
  server.on("request", listener);
  // Answered like any other: a route asks for the body when it wants it.
  server.on("checkContinue", listener);
  return server;
}

function addressError(error: unknown, host: string, port: number): unknown {
  if (!isSystemError(error, "EACCES", "EADDRNOTAVAIL", "ENOTFOUND")) return error;
  return new IotctlError(
    "IOT_FLEET_ADDRESS_UNUSABLE",
    `The server may not listen on port ${port} of ${host}.`,
    {
      hints: ["Listen on this machine alone: iotctl fleet serve --host 127.0.0.1 --port 8480"],
      details: { host, port },
      cause: error,
    },
  );
}

/** Saves last contact every so often; `stop` saves what is left. */
function saveContacts(fleet: Fleet, everyMs: number, log: (line: string) => void): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const saving = (async () => {
    while (!stopping.signal.aborted) {
      await fleet.clock.sleep(everyMs, stopping.signal).catch(() => {});
      await fleet.contacts.save().catch((error) => log(`Last contact was not saved: ${messageOf(error)}`));
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return saving;
    },
  };
}

/** Stops taking requests, makes what was taken durable, and cuts what is still open. */
async function closeServer(server: Server, fleet: Fleet): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  fleet.commit.flush();
  // Lets the answers to what was just committed go out.
  await new Promise((resolve) => setImmediate(resolve));
  server.closeAllConnections();
  await closed;
}
