import { IotctlError } from "../base/errors.ts";
import type { TrustedKey } from "./trusted-key.ts";

/** `why` ends the sentence "The signature is not valid: …". */
export function signatureInvalid(why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_SIGNATURE_INVALID", `The signature is not valid: ${why}.`, { cause });
}

export function signatureUntrusted(hint: string, trustedKeys: readonly TrustedKey[]): IotctlError {
  const trusted = trustedKeys.map((key) => key.hint);
  const list = trusted.length > 0 ? trusted.join(", ") : "none";
  return new IotctlError("IOT_SIGNATURE_UNTRUSTED", `Signed by key ${hint}; the trusted keys are: ${list}.`, {
    hints: [
      "See a key's hint: openssl pkey -pubin -in key.pub.pem -outform DER | openssl dgst -sha256 -binary | base64",
    ],
    details: { found: hint, trusted },
  });
}
