import * as z from "zod";
import { isDeepStrictEqual } from "node:util";
import { IotctlError, messageOf } from "../../base/errors.ts";
import type { TrustedAuthorities } from "../../signing/load-trusted-root.ts";
import { parseSigstoreBundle } from "../../signing/parse-sigstore-bundle.ts";
import type { Statement } from "../../signing/statement.ts";
import { type TrustedKey, trustedKeyFromPem } from "../../signing/trusted-key.ts";
import { verifyKeylessStatement } from "../../signing/verify-keyless-statement.ts";
import { verifyStatement } from "../../signing/verify-statement.ts";
import type { Approver, RolloutConfig } from "../engine/state.ts";
import { approverNames } from "./approval-policy.ts";
import {
  consentInvalid,
  type ConsentPredicate,
  consentPredicateType,
  type VerifiedConsent,
} from "./consent-statement.ts";
import { consentSubjects, termsDigestOf } from "./rollout-terms.ts";

export interface ConsentTrust {
  /** Whom to believe about identities; null: only keys can be verified. Asked where a certificate comes. */
  readonly authorities: () => TrustedAuthorities | null;
}

const maxStatementChars = 256 * 1024;

const predicateSchema = z.strictObject({
  decision: z.enum(["approve", "deny", "skip-bake"]),
  rolloutId: z.string(),
  environment: z.string(),
  product: z.string(),
  release: z.string(),
  stage: z.string(),
  wave: z.string().exactOptional(),
  phase: z.int().positive().exactOptional(),
  planDigest: z.string(),
  termsDigest: z.string(),
  manifestDigest: z.string(),
  reason: z.string(),
  atMs: z.int().nonnegative(),
});

/**
 * Who signed a consent and what it says. Strict: one of the approvers of the rollout signed exactly
 * this statement, its only subjects are the plan and the terms of the rollout, it has no other members
 * than those of a consent, and it speaks of this rollout, environment and release. What the event around it says is
 * the caller's question. Throws IOT_CONSENT_UNTRUSTED when somebody else signed, else IOT_CONSENT_INVALID.
 */
export function verifyConsent(
  statementJson: string,
  config: RolloutConfig,
  trust: ConsentTrust,
): VerifiedConsent {
  if (statementJson.length > maxStatementChars) {
    throw consentInvalid(`it has ${statementJson.length} characters, at most ${maxStatementChars} are read`);
  }
  const { by, statement } = signedBy(statementJson, config.approvers ?? [], trust);
  const { predicate, predicateType, subject } = statement;
  if (predicateType !== consentPredicateType)
    throw consentInvalid(`it is a statement of type ${predicateType}`);
  const parsed = predicateSchema.safeParse(predicate);
  if (!parsed.success)
    throw consentInvalid(`it has not the members of one: ${z.prettifyError(parsed.error)}`);
  const termsDigest = termsDigestOf(config);
  if (!isDeepStrictEqual(subject, consentSubjects(config))) {
    throw consentInvalid(
      `its subjects are not the plan ${config.planDigest}, the terms ${termsDigest}, and nothing else`,
    );
  }
  const { environment, manifestDigest, planDigest, resolved, rolloutId } = config;
  const { product, version: release } = resolved;
  const about = { rolloutId, environment, product, release, planDigest, termsDigest, manifestDigest };
  for (const [member, ours] of Object.entries(about)) {
    const theirs = parsed.data[member as keyof typeof about];
    if (theirs !== ours) throw consentInvalid(`it is for ${member} ${theirs}, and this is ${ours}`);
  }
  assertNamesWave(parsed.data);
  return { by, predicate: parsed.data };
}

/** The end of a bake time is for one wave of one phase; any other word is about a stage. */
function assertNamesWave({ decision, phase, wave }: ConsentPredicate): void {
  const isNamed =
    decision === "skip-bake" ? wave !== undefined && phase !== undefined : (wave ?? phase) === undefined;
  if (!isNamed)
    throw consentInvalid(`it says ${decision} of wave ${wave ?? "none"} in phase ${phase ?? "none"}`);
}

function signedBy(
  statementJson: string,
  approvers: readonly Approver[],
  trust: ConsentTrust,
): { by: string; statement: Statement } {
  const bytes = Buffer.from(statementJson);
  try {
    const { hint } = parseSigstoreBundle(bytes);
    return hint === null ? byIdentity(bytes, approvers, trust) : byKey(bytes, hint, approvers);
  } catch (error) {
    if (!(error instanceof IotctlError) || error.code !== "IOT_SIGNATURE_INVALID") throw error;
    throw consentInvalid(messageOf(error).replace(/\.$/, ""), error);
  }
}

function byKey(bytes: Uint8Array, hint: string, approvers: readonly Approver[]) {
  const { by, key } = approverWithKey(hint, approvers);
  return { by, statement: verifyStatement(bytes, [key]).statement };
}

/** Whose key has this hint; IOT_CONSENT_UNTRUSTED when it is nobody's. */
export function approverWithKey(
  hint: string,
  approvers: readonly Approver[],
): { readonly by: string; readonly key: TrustedKey } {
  for (const approver of approvers) {
    if (!("publicKeyPem" in approver)) continue;
    const key = trustedKeyFromPem(approver.publicKeyPem);
    if (key.hint === hint) return { by: approver.name, key };
  }
  throw untrusted(`The key ${hint}`, approvers);
}

/** Compared exactly: whoever owns `alice@example.com.evil` is somebody else than `alice@example.com`. */
function byIdentity(bytes: Uint8Array, approvers: readonly Approver[], trust: ConsentTrust) {
  const authorities = trust.authorities();
  if (authorities === null) {
    throw new IotctlError(
      "IOT_CONSENT_INVALID",
      "The consent does not count: it was signed by an identity, and this environment trusts nobody about identities.",
      { hints: ["Name whom to trust in iotctl.yaml: signing: { keyless: { trusted-root: <file>, … } }"] },
    );
  }
  const { identity, issuer, statement } = verifyKeylessStatement(bytes, authorities);
  const approver = approvers.find(
    (each) => "identity" in each && each.identity === identity && each.issuer === issuer,
  );
  if (!approver) throw untrusted(`The identity ${identity} (vouched for by ${issuer})`, approvers);
  return { by: approver.name, statement };
}

function untrusted(signer: string, approvers: readonly Approver[]): IotctlError {
  const names = approverNames(approvers);
  return new IotctlError(
    "IOT_CONSENT_UNTRUSTED",
    `${signer} is not that of an approver of this rollout: ${names.join(", ") || "nobody"}.`,
    {
      hints: ["Sign with the key of an approver: --key <file>", "Or with an identity: --keyless"],
      details: { signer, approvers: names },
    },
  );
}
