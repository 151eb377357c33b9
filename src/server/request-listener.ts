import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isDiskFull } from "../base/atomic-file.ts";
import { IotctlError, isSystemError, messageOf } from "../base/errors.ts";
import type { ControlError } from "./control/control-api.ts";
import { Refusal } from "./refusal.ts";
import { replyJson } from "./reply.ts";
import { findRoute, type Route } from "./router.ts";

/**
 * Answers each request by its route. What a route throws becomes a small JSON error; what nobody
 * expected goes to the log whole and to the client as a bare 500.
 */
export function requestListener(routes: readonly Route[], log: (line: string) => void): RequestListener {
  return (request, response) => {
    void answer(routes, request, response, log);
  };
}

async function answer(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  log: (line: string) => void,
): Promise<void> {
  try {
    const { route, params, query } = findRoute(routes, request.method ?? "", request.url ?? "");
    await route.handle({ request, response, params, query });
  } catch (error) {
    const refusal = refusalFor(error, request, log);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // Whatever else of the body arrives would be read as the next request.
    if (!request.complete) response.setHeader("connection", "close");
    const { status, code, message } = refusal;
    replyJson(response, status, { error: { code, message } } satisfies ControlError);
  }
}

function refusalFor(error: unknown, request: IncomingMessage, log: (line: string) => void): Refusal {
  if (error instanceof Refusal) return error;
  if (isSystemError(error, "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"))
    return new Refusal(400, "aborted", "The request ended early.");
  log(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : messageOf(error)}`);
  if (isDiskFull(error) || (error instanceof IotctlError && error.code === "IOT_DISK_FULL")) {
    return new Refusal(507, "disk-full", "The server's disk is full; nothing was stored.");
  }
  return new Refusal(500, "internal", "The server failed at this request; its log says why.");
}
