import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "./refusal.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH";

/** One request on its way to an answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands in the place of each `{name}` of the route's pattern, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export interface Route {
  readonly method: Method;
  readonly segments: readonly string[];
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}

/** A route for a pattern such as `/api/v1/devices/{device}`; a `{name}` takes exactly one segment. */
export function route(method: Method, pattern: string, handle: Route["handle"]): Route {
  return { method, segments: pattern.split("/"), handle };
}

/** Finds the route of a request target. Throws a Refusal: 400 malformed encoding, 404 no such path, 405 no such method on it. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  target: string,
): { readonly route: Route; readonly params: Exchange["params"]; readonly query: URLSearchParams } {
  const mark = target.indexOf("?");
  const segments = (mark < 0 ? target : target.slice(0, mark)).split("/").map(decodeSegment);
  const onPath = routes.filter((candidate) => fits(candidate.segments, segments));
  if (onPath.length === 0) throw new Refusal(404, "not-found", "There is nothing at this address.");
  const found = onPath.find((candidate) => candidate.method === method);
  if (!found)
    throw new Refusal(
      405,
      "method-not-allowed",
      `This address takes ${onPath.map((r) => r.method).join(", ")}.`,
    );
  const params = found.segments.flatMap((name, index) =>
    name.startsWith("{") ? [[name.slice(1, -1), segments[index] as string] as const] : [],
  );
  return {
    route: found,
    params: Object.fromEntries(params),
    query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)),
  };
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((name, index) => (name.startsWith("{") ? segments[index] !== "" : name === segments[index]))
  );
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400, "malformed-address", "The address holds a malformed percent-encoding.");
  }
}
