import type { ClientRequest } from "node:http";
import { IotctlError } from "../../base/errors.ts";

/** Bytes to send as a body; opened anew for each attempt. */
export interface Upload {
  readonly sizeBytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** The source of an upload failed, not the connection: trying again would not help. */
export class UploadFailure extends Error {
  constructor(cause: unknown) {
    super("The source of an upload failed.", { cause });
  }
}

/**
 * Writes the body no faster than the connection takes it, and ends the request. A source that fails,
 * or has another size than it said, destroys the request with an UploadFailure.
 */
export async function streamUpload(outgoing: ClientRequest, { sizeBytes, open }: Upload): Promise<void> {
  let sentBytes = 0;
  try {
    for await (const chunk of open()) {
      if (outgoing.destroyed) return;
      sentBytes += chunk.length;
      if (sentBytes > sizeBytes) throw sizeDiffers("more", sizeBytes);
      if (!outgoing.write(chunk)) await drained(outgoing);
    }
    if (sentBytes < sizeBytes) throw sizeDiffers(`${sentBytes}`, sizeBytes);
    outgoing.end();
  } catch (error) {
    outgoing.destroy(new UploadFailure(error));
  }
}

function sizeDiffers(found: string, expected: number): IotctlError {
  return new IotctlError(
    "IOT_FLEET_ARTIFACT_DIFFERS",
    `An artifact has ${found} bytes, the release says ${expected}.`,
    { hints: ["Check the bundle: iotctl verify"] },
  );
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.once("drain", done).once("close", done);
  });
}
