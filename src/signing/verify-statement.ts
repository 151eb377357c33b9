import { toSignedEntity, Verifier } from "@sigstore/verify";
import { messageOf } from "../base/errors.ts";
import { parseSigstoreBundle } from "./parse-sigstore-bundle.ts";
import { parseStatement } from "./parse-statement.ts";
import { signatureInvalid, signatureUntrusted } from "./signature-errors.ts";
import type { Statement } from "./statement.ts";
import type { TrustedKey } from "./trusted-key.ts";

export interface VerifiedStatement {
  readonly statement: Statement;
  /** Hint of the trusted key that signed it. */
  readonly hint: string;
}

/**
 * Verifies a Sigstore v0.3 bundle around a DSSE-signed in-toto statement, offline, against keys.
 * Stricter than the library: only this media and payload type, only known members in canonical
 * encoding, one signature by a trusted key, distinct subjects. What the predicate says and which bytes
 * the subjects are is the caller's question. Throws IOT_SIGNATURE_INVALID or IOT_SIGNATURE_UNTRUSTED.
 */
export function verifyStatement(
  bundleJson: Uint8Array,
  trustedKeys: readonly TrustedKey[],
): VerifiedStatement {
  const { hint, payload, bundle } = parseSigstoreBundle(bundleJson);
  if (hint === null) throw signatureInvalid("it carries a certificate in place of a key");
  const key = trustedKeys.find((trusted) => trusted.hint === hint);
  if (!key) throw signatureUntrusted(hint, trustedKeys);
  const trustMaterial = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: key.publicKey, validFor: () => true }),
  };
  // A key needs no witness; without these zeros the library asks for a log entry and a timestamp.
  const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  try {
    new Verifier(trustMaterial, thresholds).verify(toSignedEntity(bundle));
  } catch (error) {
    throw signatureInvalid(`it does not match the statement (key ${hint}): ${messageOf(error)}`, error);
  }
  return { statement: parseStatement(payload), hint };
}
