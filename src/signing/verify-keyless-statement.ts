import { toSignedEntity, Verifier } from "@sigstore/verify";
import { messageOf } from "../base/errors.ts";
import type { TrustedAuthorities } from "./load-trusted-root.ts";
import { parseSigstoreBundle } from "./parse-sigstore-bundle.ts";
import { parseStatement } from "./parse-statement.ts";
import { signatureInvalid } from "./signature-errors.ts";
import type { Statement } from "./statement.ts";

export interface KeylessStatement {
  readonly statement: Statement;
  /** Mail address or URI that the certificate was issued for. */
  readonly identity: string;
  /** Who vouched for the identity: issuer of the OIDC token. */
  readonly issuer: string;
}

/**
 * Verifies a Sigstore v0.3 bundle around a DSSE-signed in-toto statement, offline, that carries a
 * certificate: it chains to a trusted authority, is in a certificate log, was valid at a time that a
 * trusted log or clock vouches for, and the signature is in a log. Whose identity counts is the caller's
 * question, to be asked with `===`: the library would take it for a regular expression, unanchored.
 * Throws IOT_SIGNATURE_INVALID.
 */
export function verifyKeylessStatement(
  bundleJson: Uint8Array,
  authorities: TrustedAuthorities,
): KeylessStatement {
  const { bundle, hint, payload } = parseSigstoreBundle(bundleJson);
  if (hint !== null) throw signatureInvalid("it carries a key in place of a certificate");
  const thresholds = { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 };
  let signer;
  try {
    signer = new Verifier(authorities, thresholds).verify(toSignedEntity(bundle));
  } catch (error) {
    throw signatureInvalid(`the trusted root does not vouch for it: ${messageOf(error)}`, error);
  }
  const identity = signer.identity?.subjectAlternativeName;
  const issuer = signer.identity?.extensions?.issuer;
  if (!identity || !issuer) throw signatureInvalid("its certificate names no identity or no issuer");
  return { statement: parseStatement(payload), identity, issuer };
}
