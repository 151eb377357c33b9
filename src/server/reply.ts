import type { ServerResponse } from "node:http";

/** Answers with JSON. Always with a Content-Length: small clients cannot read chunked bodies. */
export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  replyText(response, status, "application/json", JSON.stringify(value));
}

export function replyText(response: ServerResponse, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { "content-type": contentType, "content-length": body.length });
  response.end(body);
}

export function replyEmpty(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-length": 0 });
  response.end();
}
