import type { IncomingMessage } from "node:http";
import { parseActionId } from "../../ddi/action-id.ts";
import { parseLenientJson } from "../../ddi/lenient-json.ts";
import type { Parsed } from "../../ddi/parsed.ts";
import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import { replyEmpty } from "../reply.ts";
import { jsonBytesMax, readBody } from "../request-body.ts";
import { type Exchange, type Method, type Route, route } from "../router.ts";
import type { DeviceRecord } from "../stores/devices.ts";
import { tokenMatches } from "../tokens.ts";

const scheme = "TargetToken ";
/** Compared against when there is no such device, so that ids cannot be told apart by time. */
const nobodysHash = "0".repeat(64);

/**
 * A route below `/DEFAULT/controller/v1/{device}` that only the device itself may use, by its target
 * token. Without one, or with another's, the answer is an empty 401. Whoever comes is alive.
 */
export function deviceRoute(
  fleet: Fleet,
  method: Method,
  path: string,
  handle: (exchange: Exchange, device: DeviceRecord) => void | Promise<void>,
): Route {
  return route(method, `/DEFAULT/controller/v1/{device}${path}`, (exchange) => {
    const device = fleet.devices.byId(exchange.params["device"] ?? "");
    if (!presents(exchange.request, device?.tokenHash ?? nobodysHash) || !device) {
      replyEmpty(exchange.response, 401);
      return undefined;
    }
    fleet.contacts.heard(device.row, fleet.clock.now());
    return handle(exchange, device);
  });
}

function presents(request: IncomingMessage, tokenHash: string): boolean {
  const authorization = request.headers.authorization ?? "";
  return authorization.startsWith(scheme) && tokenMatches(authorization.slice(scheme.length), tokenHash);
}

/** The body of a device's report. Throws a Refusal (400) that says what is wrong with it. */
export async function readReport<T>(exchange: Exchange, parse: (body: unknown) => Parsed<T>): Promise<T> {
  const json = parseLenientJson((await readBody(exchange, jsonBytesMax)).toString("utf8"));
  const report = "problem" in json ? json : parse(json.value);
  if ("problem" in report) throw new Refusal(400, "malformed-body", report.problem);
  return report.value;
}

/** The action id in the address. Throws a Refusal (404) when it cannot be one. */
export function actionIdOf({ params }: Exchange): number {
  const id = parseActionId(params["action"] ?? "");
  if (id === null) throw new Refusal(404, "not-found", "There is no such action.");
  return id;
}

/**
 * Address of the device's resources as the device sees the server: by the name that it asked for, and
 * over TLS when a proxy says that it came by it.
 */
export function deviceAddress({ request }: Exchange, device: DeviceRecord): string {
  const { host = "", "x-forwarded-proto": forwardedProto } = request.headers;
  if (!/^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host)) {
    throw new Refusal(400, "malformed-host", "The Host header is not a name or an address.");
  }
  const protocol = forwardedProto === "https" ? "https" : "http";
  return `${protocol}://${host}/DEFAULT/controller/v1/${encodeURIComponent(device.id)}`;
}
