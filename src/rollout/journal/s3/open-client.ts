import type { S3Client } from "@aws-sdk/client-s3";
import type { S3JournalSettings } from "../../../manifest/environment.ts";

const attemptsMax = 3;
const connectWithinMs = 5_000;

export interface OpenClient {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
}

/** Loads AWS's library, for an endpoint of AWS or of anybody. A request that brings nothing for `silentMs` has failed. */
export async function openClient(settings: S3JournalSettings, silentMs: number): Promise<OpenClient> {
  const { endpoint, pathStyle, region } = settings;
  const sdk = await import("@aws-sdk/client-s3");
  const client = new sdk.S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: attemptsMax,
    // Many that speak S3 do not know the checksums that AWS would add to every request.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: connectWithinMs,
      requestTimeout: silentMs,
      throwOnRequestTimeout: true,
      socketTimeout: silentMs,
    },
  });
  return { sdk, client };
}
