import { IotctlError, messageOf } from "../../../base/errors.ts";
import type { S3JournalSettings } from "../../../manifest/environment.ts";

/** Whether a store answered with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  const status = statusOf(error);
  return status !== undefined && statuses.includes(status);
}

/** What went wrong with a request: the store said no, or did not say anything that helps. */
export function storeError(error: unknown, settings: S3JournalSettings): IotctlError {
  const status = statusOf(error);
  const name = error instanceof Error ? error.name : "Error";
  const saysNo = status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 429;
  const says = [name, messageOf(error)].filter((part) => !["Error", "UnknownError", ""].includes(part));
  const store = settings.endpoint ?? `S3 in ${settings.region}`;
  const about = `the journals in s3://${settings.bucket}/${settings.prefix} at ${store}`;
  const details = { store, bucket: settings.bucket, status: status ?? null, name };
  if (saysNo || name === "CredentialsProviderError") {
    return new IotctlError("IOT_JOURNAL_STORE_REFUSED", `Refused ${about}: ${says.join(": ")}.`, {
      hints: hintsFor(name, settings),
      details,
      cause: error,
    });
  }
  return new IotctlError("IOT_JOURNAL_STORE_UNREACHABLE", `Cannot use ${about}: ${says.join(": ")}.`, {
    hints: [
      ...(settings.endpoint === undefined ? [] : [`See whether it answers: curl -i ${settings.endpoint}`]),
      "Run the same command again: what was written stays, and nothing is done twice",
    ],
    details,
    cause: error,
  });
}

/** The store lets two writers believe that each of them was the first. */
export function unsafeStore(settings: S3JournalSettings, cause?: unknown): IotctlError {
  const what =
    `asked to write to bucket ${settings.bucket} only where nothing is (If-None-Match: *), ` +
    `it ${cause === undefined ? "wrote over what was there" : "does not know how"}`;
  return unsafe(settings, what, cause);
}

/** The store does not say how old an object is, so nobody could tell when a lease has ended. */
export function agelessStore(settings: S3JournalSettings): IotctlError {
  const what = `it does not say how old an object of bucket ${settings.bucket} is (Date, Last-Modified)`;
  return unsafe(settings, what);
}

function unsafe({ bucket, endpoint, region }: S3JournalSettings, what: string, cause?: unknown): IotctlError {
  const store = endpoint ?? `S3 in ${region}`;
  return new IotctlError("IOT_JOURNAL_STORE_UNSAFE", `${store} does not keep journals safely: ${what}.`, {
    hints: [
      "Keep the journals in the fleet server: rollouts: { server: true } in iotctl.yaml",
      "Or in a store that knows conditional writes, such as AWS S3 or Ceph",
    ],
    details: { store, bucket },
    cause,
  });
}

function hintsFor(name: string, { bucket, endpoint, prefix }: S3JournalSettings): string[] {
  const at = endpoint === undefined ? "" : ` --endpoint-url ${endpoint}`;
  switch (name) {
    case "NoSuchBucket":
      return [`Create it: aws s3api create-bucket --bucket ${bucket}${at}`];
    case "CredentialsProviderError":
      return ["Give the credentials: export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…"];
    case "RequestTimeTooSkewed":
      return ["Set the clock of this machine"];
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
      return ["Set `rollouts.s3.region` of the environment to the one of the bucket"];
    default:
      return [
        `See whether the credentials are right: aws s3 ls s3://${bucket}/${prefix}${at}`,
        "They need s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject",
      ];
  }
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
