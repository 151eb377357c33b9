import type { Exchange } from "./router.ts";
import { Refusal } from "./refusal.ts";

/** Bound of a JSON body. */
export const jsonBytesMax = 1024 * 1024;

/** The whole body as bytes. Throws a Refusal (413) as soon as it is known to be longer than `bytesMax`. */
export async function readBody({ request, response }: Exchange, bytesMax: number): Promise<Buffer> {
  const tooLong = (): Refusal =>
    new Refusal(413, "body-too-large", `The body may have at most ${bytesMax} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLong();
  askForBody({ request, response });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The body as JSON. Throws a Refusal: 413 too long, 400 not JSON. */
export async function readJson(exchange: Exchange): Promise<unknown> {
  const body = await readBody(exchange, jsonBytesMax);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refusal(400, "malformed-body", "The body is not JSON.");
  }
}

/** Tells a client that waits with its body (`Expect: 100-continue`) to send it: whatever speaks against it was checked. */
export function askForBody({ request, response }: Pick<Exchange, "request" | "response">): void {
  if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
}
