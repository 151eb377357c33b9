export interface JsonRequest {
  readonly method: "GET" | "POST";
  /** Sent as JSON, or as a form when it is one. Kept in memory whole: not for artifacts. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole exchange, in real time: the other side of a socket lives in no other. */
  readonly timeoutMs: number;
  /** A longer answer is an error. */
  readonly limitBytes: number;
  readonly signal?: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  /** Undefined when the body is not JSON. */
  readonly value: unknown;
}

/** One small JSON exchange, bounded in time and size. Rejects when no whole answer came. */
export async function requestJson(url: string, request: JsonRequest): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const response = await fetch(url, {
    method: request.method,
    redirect: "error",
    signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
    ...contentOf(request),
  });
  const text = await readBounded(response, request.limitBytes);
  return { status: response.status, value: parseOrUndefined(text) };
}

function contentOf({ body, headers = {} }: JsonRequest): Pick<RequestInit, "body" | "headers"> {
  if (body === undefined) return { headers };
  if (body instanceof URLSearchParams) return { headers, body };
  return { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

async function readBounded(response: Response, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) throw new Error(`the answer is longer than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
