import { request, type IncomingHttpHeaders } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads the members it expects, and fails on others
  readonly json: any;
}

/** One HTTP exchange exactly as given: no redirects, no retries, the path is not normalised. */
export function httpExchange(
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const outgoing = request({ hostname, port, path, method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: bytes,
          text: bytes.toString("utf8"),
          get json() {
            return JSON.parse(bytes.toString("utf8"));
          },
        });
      });
    });
    outgoing.on("error", reject);
    outgoing.on("continue", () => outgoing.end(body));
    if (!Object.keys(headers).some((name) => name.toLowerCase() === "expect")) outgoing.end(body);
    else outgoing.flushHeaders();
  });
}
