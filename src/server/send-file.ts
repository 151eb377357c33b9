import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";

const readBytes = 256 * 1024;

/**
 * Writes bytes `start` (inclusive) to `end` (exclusive) of a file as the body, one reused buffer at
 * a time, no faster than the client reads. Ends early, without an error, when the client has gone.
 */
export async function sendFile(
  response: ServerResponse,
  path: string,
  start: number,
  end: number,
): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, end - start));
    for (let at = start; at < end;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) throw new Error(`${path} ends at ${at}, before ${end}`);
      if (!(await written(response, buffer.subarray(0, bytesRead)))) return;
      at += bytesRead;
    }
    response.end();
  } finally {
    await file.close();
  }
}

/** Resolves when the bytes have left the buffer (true) or never will (false). */
function written(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    response.once("close", onClose);
    response.write(bytes, (error) => {
      response.off("close", onClose);
      resolve(!error);
    });
  });
}
