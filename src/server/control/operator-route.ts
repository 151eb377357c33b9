import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import { type Exchange, type Method, type Route, route } from "../router.ts";
import { tokenMatches } from "../tokens.ts";

/** What the routes of the control API need. */
export interface Control {
  readonly fleet: Fleet;
  readonly tokenHash: string;
  readonly artifactBytesMax: number;
}

/** A route below `/api/v1` that takes the control token as a bearer token. */
export function operatorRoute(
  control: Control,
  method: Method,
  path: string,
  handle: (exchange: Exchange) => void | Promise<void>,
): Route {
  return route(method, `/api/v1${path}`, (exchange) => {
    const [, token] = /^Bearer (\S+)$/.exec(exchange.request.headers.authorization ?? "") ?? [];
    if (token === undefined || !tokenMatches(token, control.tokenHash)) {
      throw new Refusal(401, "unauthorized", "The control token is missing or wrong.");
    }
    return handle(exchange);
  });
}

/** `after` and `limit` (1 to 1000, default 100) of a list's address. Throws a Refusal (400). */
export function pageOf({ query }: Exchange): { readonly after: string; readonly limit: number } {
  const text = query.get("limit") ?? "100";
  const limit = Number(text);
  if (!/^\d{1,4}$/.test(text) || limit < 1 || limit > 1000) {
    throw new Refusal(400, "malformed-limit", `limit must be 1 to 1000, not ${text.slice(0, 20)}.`);
  }
  return { after: query.get("after") ?? "", limit };
}
