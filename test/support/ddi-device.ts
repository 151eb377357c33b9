import type { DdiDeployment } from "../../src/ddi/wire.ts";
import { type HttpAnswer, httpExchange } from "./http-exchange.ts";

type Execution =
  | "closed"
  | "proceeding"
  | "canceled"
  | "scheduled"
  | "rejected"
  | "resumed"
  | "downloaded"
  | "download";

/** A device that speaks plain DDI, one request at a time, and remembers nothing. */
export class DdiDevice {
  readonly #base: string;
  readonly id: string;
  readonly token: string;

  constructor(base: string, id: string, token: string) {
    this.#base = base;
    this.id = id;
    this.token = token;
  }

  get root(): string {
    return `/DEFAULT/controller/v1/${this.id}`;
  }

  /** Any request with the device's token; `address` is a path or what a link says. */
  send(
    address: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<HttpAnswer> {
    const path = address.replace(/^http:\/\/[^/]*/, "");
    const { method = "GET", body, headers = {} } = options;
    return httpExchange(this.#base, path, {
      method,
      headers: { authorization: `TargetToken ${this.token}`, "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** The links of the poll root. */
  async links(): Promise<Record<string, string>> {
    const { json } = await this.send(this.root);
    return Object.fromEntries(
      Object.entries(json._links as Record<string, { href: string }>).map(([name, { href }]) => [name, href]),
    );
  }

  /** Follows the deploymentBase link. */
  async deployment(): Promise<DdiDeployment> {
    const { deploymentBase } = await this.links();
    if (!deploymentBase) throw new Error(`${this.id} is offered no deployment`);
    return (await this.send(deploymentBase)).json;
  }

  feedback(
    kind: "deploymentBase" | "cancelAction",
    action: string,
    execution: Execution,
    finished: "success" | "failure" | "none" = "none",
    details: unknown = [],
  ): Promise<HttpAnswer> {
    return this.send(`${this.root}/${kind}/${action}/feedback`, {
      method: "POST",
      body: { id: action, status: { execution, result: { finished }, details } },
    });
  }

  attributes(data: Record<string, unknown>, mode?: string): Promise<HttpAnswer> {
    return this.send(`${this.root}/configData`, { method: "PUT", body: { ...(mode && { mode }), data } });
  }
}

/** Address of the one image of a deployment. */
export function imageHref({ deployment }: DdiDeployment): string {
  const href = deployment.chunks[0]?.artifacts[0]?._links["download-http"].href;
  if (href === undefined) throw new Error("the deployment has no image");
  return href;
}
