import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { listen } from "../../src/base/listen.ts";
import { chunkMetadata, type DdiDeployment, type DdiFeedback } from "../../src/ddi/wire.ts";

export interface OfferedImage {
  readonly component: string;
  readonly version: string;
  readonly image: Uint8Array;
  readonly attestation: Uint8Array;
  /** Signed releases that say what versions in the field need, the first before the others. */
  readonly context?: readonly Uint8Array[];
  readonly rollback?: boolean;
  readonly postponed?: boolean;
  /** Only to be kept ready: the action ends with `downloaded`. */
  readonly staged?: boolean;
}

interface Action extends OfferedImage {
  readonly id: string;
  closed: "success" | "failure" | "canceled" | null;
  canceling: boolean;
}

/** What happens to one request: answered, cut before or after the server took it, cut in the body, refused. */
export type Fault = "none" | "cut" | "cut-after" | "cut-body" | "refuse" | "unauthorized" | "nonsense";

/** One device's DDI server with a memory, which can refuse, cut connections and forget. */
export class DdiServer {
  readonly token = "t0ken";
  readonly deviceId = "fan-1";
  readonly attributes: Record<string, string> = {};
  /** Every request that came, as `GET /configData`. */
  readonly requests: string[] = [];
  readonly feedback: {
    readonly kind: string;
    readonly id: string;
    readonly status: DdiFeedback["status"];
  }[] = [];
  readonly actions: Action[] = [];
  sleep = "00:00:30";
  asksAttributes = true;
  /** Ignores Range headers, as some servers do. */
  knowsRanges = true;
  url = "";
  fault: (request: string) => Fault = () => "none";
  /** Called before an answer, with the request. */
  before: (request: string) => void | Promise<void> = () => {};
  #nextId = 11;

  static async start(): Promise<DdiServer> {
    const ddi = new DdiServer();
    const server = createServer((request, response) => {
      ddi.#handle(request, response).catch(() => response.destroy());
    });
    ddi.url = await listen(server, "127.0.0.1", 0);
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return ddi;
  }

  offer(image: OfferedImage): Action {
    const action: Action = { ...image, id: String(this.#nextId++), closed: null, canceling: false };
    this.actions.push(action);
    return action;
  }

  /** Loses what a device said about an action, and offers it again. */
  forget(action: Action): void {
    action.closed = null;
    this.asksAttributes = true;
    for (const key of Object.keys(this.attributes)) delete this.attributes[key];
  }

  /** Last words of feedback about an action. */
  lastFeedback(action: Action): DdiFeedback["status"] | undefined {
    return this.feedback.findLast(({ kind, id }) => kind === "deploymentBase" && id === action.id)?.status;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const base = `/DEFAULT/controller/v1/${this.deviceId}`;
    const path = (request.url ?? "").startsWith(base) ? (request.url ?? "").slice(base.length) : null;
    const name = `${request.method} ${path === "" ? "/" : path}`;
    const body = await readText(request);
    this.requests.push(name);
    await this.before(name);
    const fault = this.fault(name);
    if (fault === "cut") return void response.destroy();
    if (fault === "refuse") return reply(response, 503, "busy");
    if (fault === "nonsense") return reply(response, 200, "<html>");
    if (fault === "unauthorized" || request.headers.authorization !== `TargetToken ${this.token}`) {
      return reply(response, 401, "");
    }
    if (path === null) return reply(response, 404, "");
    if (fault === "cut-after") response.end = () => response.destroy();
    this.#answer(name, body, request, response, fault === "cut-body");
  }

  #answer(
    name: string,
    body: string,
    request: IncomingMessage,
    response: ServerResponse,
    cutBody: boolean,
  ): void {
    const [verb = "", resource = "", id = "", last = ""] = name.split(/[ /]+/);
    const action = this.actions.find((one) => one.id === id);
    if (verb === "GET" && resource === "") return replyJson(response, this.#root());
    if (verb === "PUT" && resource === "configData") {
      Object.assign(this.attributes, JSON.parse(body).data);
      this.asksAttributes = false;
      return reply(response, 200, "");
    }
    if (!action) return reply(response, 404, "");
    if (verb === "POST" && last === "feedback") return this.#takeFeedback(resource, action, body, response);
    if (action.closed) return reply(response, 404, "");
    if (resource === "deploymentBase" && !action.canceling)
      return replyJson(response, this.#deployment(action));
    if (resource === "cancelAction" && action.canceling) {
      return replyJson(response, { id, cancelAction: { stopId: id } });
    }
    if (resource === "attestations") return reply(response, 200, action.attestation);
    if (resource === "contexts") return reply(response, 200, action.context![Number(last)]!);
    if (resource === "images") return this.#sendImage(action, request, response, cutBody);
    return reply(response, 404, "");
  }

  #takeFeedback(kind: string, action: Action, body: string, response: ServerResponse): void {
    const { status } = JSON.parse(body) as DdiFeedback;
    if (action.closed) return reply(response, 410, "");
    this.feedback.push({ kind, id: action.id, status });
    const { execution, result } = status;
    if (kind === "cancelAction") {
      action.canceling = false;
      if (execution === "closed" && result.finished !== "failure") action.closed = "canceled";
    } else if (execution === "downloaded" && action.staged) {
      action.closed = "success";
    } else if (execution === "closed") {
      action.closed = result.finished === "failure" ? "failure" : "success";
      this.asksAttributes ||= action.closed === "success";
    }
    return reply(response, 200, "");
  }

  #sendImage(action: Action, request: IncomingMessage, response: ServerResponse, cutBody: boolean): void {
    const start = this.knowsRanges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    const bytes = Buffer.from(action.image.subarray(start));
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": bytes.length,
      ...(start > 0 && {
        "content-range": `bytes ${start}-${action.image.length - 1}/${action.image.length}`,
      }),
    });
    if (!cutBody) return void response.end(bytes);
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () =>
      setImmediate(() => response.destroy()),
    );
  }

  #root() {
    const base = `${this.url}/DEFAULT/controller/v1/${this.deviceId}`;
    const open = this.actions.find((action) => !action.closed);
    return {
      config: { polling: { sleep: this.sleep } },
      _links: {
        ...(open && !open.canceling && { deploymentBase: { href: `${base}/deploymentBase/${open.id}` } }),
        ...(open?.canceling && { cancelAction: { href: `${base}/cancelAction/${open.id}` } }),
        ...(this.asksAttributes && { configData: { href: `${base}/configData` } }),
      },
    };
  }

  #deployment(action: Action): DdiDeployment {
    const { id, component, version, image, rollback = false, postponed = false, staged = false } = action;
    const { context = [] } = action;
    const base = `${this.url}/DEFAULT/controller/v1/${this.deviceId}`;
    const download = postponed ? "skip" : "forced";
    const update = postponed || staged ? "skip" : "forced";
    const artifact = {
      filename: "image.bin",
      hashes: { sha1: hash("sha1", image), md5: hash("md5", image), sha256: hash("sha256", image) },
      size: image.length,
      _links: { "download-http": { href: `${base}/images/${id}` } },
    };
    const metadata = [
      { key: chunkMetadata.attestation, value: `${base}/attestations/${id}` },
      ...(context.length > 0
        ? [
            {
              key: chunkMetadata.context,
              value: context.map((_, index) => `${base}/contexts/${id}/${index}`).join(" "),
            },
          ]
        : []),
      { key: chunkMetadata.component, value: component },
      { key: chunkMetadata.rollback, value: String(rollback) },
    ];
    const chunk = { part: "bApp", version, name: component, artifacts: [artifact], metadata };
    return { id, deployment: { download, update, chunks: [chunk] } };
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}

function replyJson(response: ServerResponse, value: unknown): void {
  reply(response, 200, JSON.stringify(value));
}

function reply(response: ServerResponse, status: number, body: string | Uint8Array): void {
  response.writeHead(status, { "content-length": Buffer.byteLength(body) });
  response.end(body);
}
