import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { listen } from "../../src/base/listen.ts";
import type { StartedRadosgw } from "./radosgw.ts";

/** What happens to one request: answered, cut before or after the store took it, or told to come again. */
export type LinkFault = "none" | "cut" | "cut-after" | "busy";

/** The way to a radosgw, on which requests and answers get lost, and which can make the store's clock seem to run ahead. */
export class RadosgwLink {
  /** Every request that came, as `PUT /bucket/name`. */
  readonly requests: string[] = [];
  fault: (request: string) => LinkFault = () => "none";
  /** Called with each request before the store gets it, which waits for that. */
  before: (request: string) => void | Promise<void> = () => {};
  aheadMs = 0;
  url = "";
  readonly #store: StartedRadosgw;

  private constructor(store: StartedRadosgw) {
    this.#store = store;
  }

  /** Open until the test ends. */
  static async open(store: StartedRadosgw): Promise<RadosgwLink> {
    const link = new RadosgwLink(store);
    const server = createServer((incoming, response) => {
      link.#pass(incoming, response).catch(() => response.destroy());
    });
    link.url = await listen(server, "127.0.0.1", 0);
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return link;
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${incoming.method} ${decodeURIComponent(incoming.url ?? "").replace(/\?.*/, "")}`;
    this.requests.push(name);
    const body: Buffer[] = await incoming.toArray();
    await this.before(name);
    const fault = this.fault(name);
    if (fault === "cut") return void response.destroy();
    if (fault === "busy") return void response.writeHead(503).end();
    const answer = await this.#ask(incoming, Buffer.concat(body));
    const content: Buffer[] = await answer.toArray();
    if (fault === "cut-after") return void response.destroy();
    const date = new Date(Date.parse(answer.headers.date ?? "") + this.aheadMs).toUTCString();
    response.writeHead(answer.statusCode ?? 500, { ...answer.headers, date });
    response.end(Buffer.concat(content));
  }

  /** With the same headers, of which some are signed. */
  #ask({ method, headers, url = "" }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.#store.url);
      request({ hostname, port, method, path: url, headers }, resolve).on("error", reject).end(body);
    });
  }
}
