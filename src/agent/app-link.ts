import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../base/listen.ts";

/** A phone was at a device with one of its apps. */
export interface Visit {
  readonly device: string;
  readonly phone: string;
  /** App component and the version on the phone. */
  readonly component: string;
  readonly version: string;
}

/** Body of `POST /visits`. */
export interface VisitsRequest {
  readonly visits: readonly Visit[];
}

/** What one device answers a phone: the firmware it really runs. */
export interface VisitAnswer {
  readonly device: string;
  /** Firmware component; empty when the device has not learnt its name. */
  readonly component: string;
  readonly version: string;
  readonly hardware: string;
  /** False when the firmware is down, or no such device is here. */
  readonly answering: boolean;
  /** The version that lies ready in the spare slot; absent when none does. */
  readonly staged?: string;
}

/** Body of the answer, in the order of the visits. */
export interface VisitsResponse {
  readonly answers: readonly VisitAnswer[];
}

const maxBodyBytes = 1024 * 1024;
const maxVisits = 5000;

/**
 * The side of a device that its phones talk to. Listens on loopback unless told otherwise; whoever
 * can reach it can name app versions, which can hold updates back but never let one through. Throws
 * IOT_PORT_IN_USE when the port is taken.
 */
export async function openAppLink(options: {
  /** 0: any free port. */
  readonly port: number;
  readonly host?: string;
  readonly receive: (visit: Visit) => Promise<VisitAnswer>;
  readonly log: (message: string) => void;
}): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { port, host = "127.0.0.1", receive, log } = options;
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answerVisits(request, receive).then(
      ({ status, body }) => reply(response, status, body),
      (error: unknown) => {
        log(`a visit failed: ${String(error)}`);
        reply(response, 500, { error: "the device could not take the visit" });
      },
    );
  });
  return {
    url: await listen(server, host, port, "--link-port"),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerVisits(
  request: IncomingMessage,
  receive: (visit: Visit) => Promise<VisitAnswer>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  if (request.method !== "POST" || request.url !== "/visits")
    return { status: 404, body: { error: "not found" } };
  const text = await readText(request);
  if (text === null) return { status: 413, body: { error: `a body has at most ${maxBodyBytes} bytes` } };
  const visits = parseVisits(text);
  if (!visits) return { status: 400, body: { error: `not a list of at most ${maxVisits} visits` } };
  const answers: VisitAnswer[] = [];
  for (const visit of visits) answers.push(await receive(visit));
  return { status: 200, body: { answers } satisfies VisitsResponse };
}

/** Null when the body is too long; what is too much is not read. */
async function readText(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const bytes of request) {
    sizeBytes += (bytes as Buffer).length;
    if (sizeBytes > maxBodyBytes) return null;
    chunks.push(bytes as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseVisits(text: string): Visit[] | null {
  try {
    const { visits } = JSON.parse(text) as VisitsRequest;
    return Array.isArray(visits) && visits.length <= maxVisits && visits.every(isVisit) ? visits : null;
  } catch {
    return null;
  }
}

/** Names end up in attributes and status lines, so they are held to what such names need. */
function isVisit(value: Partial<Visit> | null): boolean {
  const { device, phone, component, version } = value ?? {};
  const named = [device, phone].every((name) => typeof name === "string" && /^[\w.:@-]{1,128}$/.test(name));
  return named && /^[\w.-]{1,64}$/.test(String(component)) && /^[\w.+-]{1,64}$/.test(String(version));
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  // A body that was not read to its end would be taken for the next request.
  const headers = { "content-type": "application/json", "content-length": bytes.length };
  response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers);
  response.end(bytes);
}
