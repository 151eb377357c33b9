import { canonicalJson } from "../base/canonical-json.ts";
import { signatureInvalid } from "../signing/signature-errors.ts";
import type { Statement } from "../signing/statement.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import { verifyStatement } from "../signing/verify-statement.ts";
import { releaseStatement } from "./bundle-format.ts";
import { parseResolved } from "./parse-resolved.ts";
import { releasePredicateType, type ResolvedRelease } from "./resolved-release.ts";

export interface VerifiedRelease {
  readonly resolved: ResolvedRelease;
  /** Digest (`sha256:<hex>`) to name of everything the signature speaks of; a digest under two names keeps the first. */
  readonly subjects: ReadonlyMap<string, string>;
  /** Of the OCI manifest: the identity of the release. */
  readonly manifestDigest: string;
  /** Hint of the trusted key that signed. */
  readonly hint: string;
}

/**
 * Verifies the signature of a release from its Sigstore bundle alone, offline: what a device does before
 * it believes a word of it. The bytes of an artifact count only when their digest is in `subjects`.
 * Throws IOT_SIGNATURE_INVALID or IOT_SIGNATURE_UNTRUSTED.
 */
export function verifyRelease(bundleJson: Uint8Array, trustedKeys: readonly TrustedKey[]): VerifiedRelease {
  const { statement, hint } = verifyStatement(bundleJson, trustedKeys);
  return { ...readReleaseStatement(statement), hint };
}

/** The release in a statement, whose subjects must be exactly the manifest and the artifacts of its predicate. */
function readReleaseStatement(statement: Statement): Omit<VerifiedRelease, "hint"> {
  if (statement.predicateType !== releasePredicateType) {
    throw signatureInvalid(
      `it must speak of a release (${releasePredicateType}) but speaks of ${statement.predicateType}`,
    );
  }
  const parsed = parseResolved(statement.predicate);
  if ("problem" in parsed) throw signatureInvalid(`its release cannot be read: ${parsed.problem}`);
  const { resolved } = parsed;
  const manifestDigest = `sha256:${statement.subject[0]?.digest.sha256}`;
  if (canonicalJson(statement) !== canonicalJson(releaseStatement(resolved, manifestDigest))) {
    throw signatureInvalid("its subjects are not exactly the artifacts that its release names");
  }
  const subjects = new Map<string, string>();
  for (const { name, digest } of statement.subject) {
    const key = `sha256:${digest.sha256}`;
    if (!subjects.has(key)) subjects.set(key, name);
  }
  return { resolved, subjects, manifestDigest };
}
