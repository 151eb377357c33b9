import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { Refusal } from "../storefronts/local/wire.ts";
import type { ShelfOutcome } from "./store-shelf.ts";
import {
  exposeRequest,
  haltRequest,
  linksRequest,
  populationRequest,
  publishRequest,
} from "./storefront-requests.ts";
import type { StorefrontWorld } from "./storefront-world.ts";

export interface StorefrontAnswer {
  readonly status: number;
  readonly body: unknown;
}

const bodyLimitBytes = 64 << 20;

/** What the storefront answers to one request. Never throws. */
export async function answerStorefrontRequest(
  request: IncomingMessage,
  world: StorefrontWorld,
): Promise<StorefrontAnswer> {
  try {
    const path = new URL(request.url ?? "/", "http://storefront").pathname;
    if (request.method === "GET") return read(path, world);
    if (request.method !== "POST") return refuse(405, "invalid", `${request.method} is not served.`);
    const body = await readJson(request);
    return "refusal" in body ? body.refusal : write(path, body.value, world);
  } catch (error) {
    if (error instanceof z.ZodError) return refuse(400, "invalid", z.prettifyError(error));
    const status = error instanceof IotctlError && error.code === "IOT_DISK_FULL" ? 507 : 500;
    return refuse(status, "failed", messageOf(error));
  }
}

function read(path: string, world: StorefrontWorld): StorefrontAnswer {
  if (path === "/phones") return { status: 200, body: world.phones() };
  if (path === "/meetings") return { status: 200, body: world.meetings() };
  const app = /^\/apps\/([^/]+)$/.exec(path)?.[1];
  if (app === undefined) return refuse(404, "not-found", `${path} is not served.`);
  return { status: 200, body: world.status(decodeURIComponent(app)) };
}

function write(path: string, body: unknown, world: StorefrontWorld): StorefrontAnswer {
  switch (path) {
    case "/publish":
      return answerOf(world.publish(publishRequest.parse(body)), world);
    case "/expose": {
      const { component, version, percent } = exposeRequest.parse(body);
      return answerOf(world.expose(component, version, percent), world);
    }
    case "/halt": {
      const { component, version } = haltRequest.parse(body);
      return answerOf(world.halt(component, version), world);
    }
    case "/population":
      world.setPhones(populationRequest.parse(body).phones);
      return { status: 200, body: {} };
    case "/links":
      world.setLinks(linksRequest.parse(body).links);
      return { status: 200, body: {} };
    default:
      return refuse(404, "not-found", `${path} is not served.`);
  }
}

function answerOf(outcome: ShelfOutcome | null, world: StorefrontWorld): StorefrontAnswer {
  switch (outcome?.kind) {
    case undefined:
      return { status: 200, body: {} };
    case "changed":
    case "unchanged":
      return { status: 200, body: { release: outcome.release } };
    case "in-review":
      return refuse(409, "in-review", outcome.message, world.realMs(outcome.waitMs));
    case "conflict":
      return refuse(409, "conflict", outcome.message);
    case "refused":
      return refuse(422, "refused", outcome.message);
  }
}

export function refuse(
  status: number,
  reason: Refusal["error"]["reason"],
  message: string,
  retryAfterMs?: number,
): StorefrontAnswer {
  const body: Refusal = {
    error: { reason, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  };
  return { status, body };
}

async function readJson(
  request: IncomingMessage,
): Promise<{ readonly value: unknown } | { readonly refusal: StorefrontAnswer }> {
  // A web page can send a form or plain text anywhere, but not JSON without asking first.
  if (!request.headers["content-type"]?.startsWith("application/json")) {
    return { refusal: refuse(415, "invalid", "The body must be application/json.") };
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bodyLimitBytes) {
      return { refusal: refuse(413, "invalid", `The body is longer than ${bodyLimitBytes} bytes.`) };
    }
    chunks.push(chunk);
  }
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch (error) {
    return { refusal: refuse(400, "invalid", `The body is not JSON: ${messageOf(error)}.`) };
  }
}
