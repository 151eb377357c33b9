import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { DdiFeedback } from "../ddi/wire.ts";
import type { DdiClient } from "./ddi-client.ts";
import { parseCancelAction, parseDeployment, parsePollRoot } from "./ddi-documents.ts";

const answerTimeoutMs = 30_000;
/** Servers take signed releases up to this size. */
const maxDocumentBytes = 4 * 1024 * 1024;

/** Connections that devices of one process share. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function openConnections(maxSockets: number): Connections {
  const options = { keepAlive: true, maxSockets };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

export function closeConnections(connections: Connections): void {
  connections.http.destroy();
  connections.https.destroy();
}

interface HttpDdiClientOptions {
  /** Base address of the server, without the tenant. */
  readonly serverUrl: string;
  readonly deviceId: string;
  readonly token: string;
  readonly connections: Connections;
  /** Ends every request under way when aborted. */
  readonly signal?: AbortSignal;
}

interface Call {
  readonly method?: "GET" | "PUT" | "POST";
  readonly body?: unknown;
  readonly range?: string;
}

/** hawkBit DDI over HTTP/1.1 with a target token. Redirects are not followed: they would carry the token away. */
export class HttpDdiClient implements DdiClient {
  readonly #options: HttpDdiClientOptions;
  readonly #base: string;
  readonly #origin: string;

  constructor(options: HttpDdiClientOptions) {
    this.#options = options;
    const server = options.serverUrl.replace(/\/+$/, "");
    this.#origin = new URL(server).origin;
    this.#base = `${server}/DEFAULT/controller/v1/${encodeURIComponent(options.deviceId)}`;
  }

  async poll() {
    return parsePollRoot(await this.#json(this.#base), this.#base);
  }

  async putAttributes(data: Readonly<Record<string, string>>): Promise<void> {
    await this.#json(`${this.#base}/configData`, { method: "PUT", body: { mode: "merge", data } });
  }

  async deployment(href: string) {
    const answer = await this.#json(href, {}, [404, 410]);
    return answer === null ? null : parseDeployment(answer, href);
  }

  async cancelAction(href: string) {
    const answer = await this.#json(href, {}, [404, 410]);
    return answer === null ? null : parseCancelAction(answer, href);
  }

  async feedback(
    kind: "deploymentBase" | "cancelAction",
    actionId: string,
    feedback: DdiFeedback,
  ): Promise<void> {
    const url = `${this.#base}/${kind}/${encodeURIComponent(actionId)}/feedback`;
    await this.#json(url, { method: "POST", body: { id: actionId, ...feedback } }, [404, 410]);
  }

  async document(href: string): Promise<Uint8Array> {
    const response = await this.#send(href);
    const body = await readBody(response, href);
    if (response.statusCode !== 200) throw wrongAnswer(href, `status ${response.statusCode}`);
    return body;
  }

  async download(href: string, offset: number) {
    const response = await this.#send(href, offset > 0 ? { range: `bytes=${offset}-` } : {});
    const fromByte = firstByte(response);
    if (fromByte === null) {
      response.destroy();
      throw wrongAnswer(href, `status ${response.statusCode}`);
    }
    return { fromByte, body: bodyOf(response, href) };
  }

  /** Undefined for an empty body, null for a status among `absent`. */
  async #json(url: string, call: Call = {}, absent: readonly number[] = []): Promise<unknown> {
    const response = await this.#send(url, call);
    const body = await readBody(response, url);
    const status = response.statusCode ?? 0;
    if (absent.includes(status)) return null;
    if (status < 200 || status > 299) throw wrongAnswer(url, `status ${status}`);
    if (body.length === 0) return undefined;
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (error) {
      throw wrongAnswer(url, "a body that is not JSON", error);
    }
  }

  #send(href: string, { method = "GET", body, range }: Call = {}): Promise<IncomingMessage> {
    const url = new URL(href, this.#base);
    const content = body === undefined ? null : Buffer.from(JSON.stringify(body));
    const secure = url.protocol === "https:";
    const { connections, token, signal } = this.#options;
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method,
        agent: secure ? connections.https : connections.http,
        timeout: answerTimeoutMs,
        ...(signal && { signal }),
        headers: {
          // An artifact on another host must not learn the token.
          ...(url.origin === this.#origin && { authorization: `TargetToken ${token}` }),
          ...(content && { "content-type": "application/json", "content-length": content.length }),
          ...(range && { range }),
        },
      });
      request.on("timeout", () => request.destroy(new Error(`no byte for ${answerTimeoutMs / 1000} s`)));
      request.on("error", (error) => reject(unreachable(href, error)));
      request.on("response", resolve);
      request.end(content ?? undefined);
    });
  }
}

async function* bodyOf(response: IncomingMessage, href: string): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of response) yield bytes as Buffer;
  } catch (error) {
    throw unreachable(href, error);
  }
}

async function readBody(response: IncomingMessage, href: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const bytes of bodyOf(response, href)) {
    sizeBytes += bytes.length;
    if (sizeBytes > maxDocumentBytes) throw wrongAnswer(href, `more than ${maxDocumentBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** Where the bytes of a download answer begin; null when it has none. */
function firstByte(response: IncomingMessage): number | null {
  if (response.statusCode === 200) return 0;
  const range = /^bytes (\d+)-/.exec(response.headers["content-range"] ?? "");
  return response.statusCode === 206 && range ? Number(range[1]) : null;
}

function unreachable(href: string, cause: unknown): IotctlError {
  return new IotctlError("IOT_AGENT_SERVER_UNREACHABLE", `No answer from ${href}: ${messageOf(cause)}.`, {
    details: { url: href },
    cause,
  });
}

function wrongAnswer(href: string, what: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_AGENT_SERVER_ANSWER", `${href} answered with ${what}.`, {
    hints: what === "status 401" ? ["Give the agent the token of this device: --token-file"] : [],
    details: { url: href },
    cause,
  });
}
