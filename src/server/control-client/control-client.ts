import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import type { Clock } from "../../base/clock.ts";
import { IotctlError, isSystemError, messageOf } from "../../base/errors.ts";
import { streamUpload, type Upload, UploadFailure } from "./stream-upload.ts";

export interface ControlClientOptions {
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  /** A request on which nothing moves for so long is given up. */
  readonly timeoutMs: number;
}

export interface ControlRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  /** Below `/api/v1`. */
  readonly path: string;
  readonly json?: unknown;
  readonly upload?: Upload;
  /** False for what must not happen twice: it is tried again only when it cannot have arrived. */
  readonly repeatable?: boolean;
}

export interface ControlAnswer {
  readonly status: number;
  readonly text: string;
}

const attemptsMax = 4;
const firstPauseMs = 100;
const answerBytesMax = 64 * 1024 * 1024;

/**
 * HTTP to the control API over kept-alive connections. Broken connections, 429 and 5xx are tried
 * again a few times, each pause twice the one before.
 */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #agent: Agent;
  readonly #request: typeof httpRequest;

  /** Of the server. */
  get url(): string {
    return this.#options.url;
  }

  constructor(options: ControlClientOptions) {
    this.#options = options;
    const isTls = options.url.startsWith("https:");
    this.#agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 16 });
    this.#request = isTls ? httpsRequest : httpRequest;
  }

  /** The answer, be it a refusal. Throws IOT_FLEET_UNREACHABLE, IOT_FLEET_UNAUTHORIZED, or what an upload's source throws. */
  async send(request: ControlRequest): Promise<ControlAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(request).catch((error: unknown) => ({ problem: error }));
      if (!("problem" in outcome)) {
        if (outcome.status === 401) throw this.#unauthorized();
        if (!isPassing(outcome.status)) return outcome;
      } else if (outcome.problem instanceof UploadFailure) {
        throw outcome.problem.cause;
      }
      const problem =
        "problem" in outcome
          ? outcome.problem
          : new Error(`it answered ${outcome.status} ${outcome.text.slice(0, 200)}`);
      const mayRepeat = request.repeatable !== false || isSystemError(problem, "ECONNREFUSED");
      if (attempt === attemptsMax || !mayRepeat) throw this.#unreachable(problem);
      await this.#options.clock.sleep(firstPauseMs * 2 ** (attempt - 1));
    }
  }

  async #attempt(request: ControlRequest): Promise<ControlAnswer> {
    const body = request.json === undefined ? undefined : Buffer.from(JSON.stringify(request.json));
    const outgoing = this.#open(request, request.upload?.sizeBytes ?? body?.length);
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve);
      // Stays: a second error after the first must not be an uncaught one.
      outgoing.on("error", reject);
    });
    const sent = request.upload ? streamUpload(outgoing, request.upload) : outgoing.end(body);
    try {
      const answer = await answered;
      return { status: answer.statusCode ?? 0, text: await readText(answer) };
    } finally {
      // A server that refuses an upload answers before it has read it.
      if (!outgoing.writableFinished) outgoing.destroy();
      await sent;
    }
  }

  #open({ method, path }: ControlRequest, lengthBytes: number | undefined): ClientRequest {
    const { url, token, timeoutMs } = this.#options;
    const outgoing = this.#request(`${url.replace(/\/+$/, "")}/api/v1${path}`, {
      method,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(lengthBytes !== undefined && { "content-length": lengthBytes }),
      },
    });
    outgoing.setTimeout(timeoutMs, () => {
      outgoing.destroy(new Error(`nothing was heard for ${timeoutMs} ms`));
    });
    return outgoing;
  }

  #unauthorized(): IotctlError {
    return new IotctlError(
      "IOT_FLEET_UNAUTHORIZED",
      `The fleet server at ${this.#options.url} does not take the control token.`,
      { hints: ["Use the token in the server's directory: the file control-token beside address.json"] },
    );
  }

  #unreachable(problem: unknown): IotctlError {
    const reason = messageOf(problem) || String((problem as NodeJS.ErrnoException).code);
    return new IotctlError(
      "IOT_FLEET_UNREACHABLE",
      `The fleet server at ${this.#options.url} does not answer: ${reason}`,
      { hints: ["Start it: iotctl fleet serve"], details: { url: this.#options.url }, cause: problem },
    );
  }
}

/** Whether the same request may be answered otherwise in a moment; a full disk is not emptied so soon. */
function isPassing(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 507);
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > answerBytesMax) throw new Error(`its answer is longer than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString("utf8");
}
