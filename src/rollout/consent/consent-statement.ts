import { IotctlError } from "../../base/errors.ts";
import type { Consent } from "../engine/events.ts";

export const consentPredicateType = "https://iotctl.dev/attestations/consent/v1";

/** What a person says about one stage of one rollout. */
export interface ConsentWords extends Pick<Consent, "stage" | "wave" | "phase" | "reason"> {
  readonly decision: ConsentDecision;
  /** When it was said, by the clock of who says it. */
  readonly atMs: number;
}

export type ConsentDecision = "approve" | "deny" | "skip-bake";

/** What a consent says, as it stands in its predicate. Says enough to be about nothing else. */
export interface ConsentPredicate extends ConsentWords {
  readonly rolloutId: string;
  readonly environment: string;
  readonly product: string;
  readonly release: string;
  readonly planDigest: string;
  /** Of everything that was agreed when the rollout began. */
  readonly termsDigest: string;
  /** Of the release as it was published. */
  readonly manifestDigest: string;
}

/** A consent whose signature was verified. */
export interface VerifiedConsent {
  /** Name of the approver who signed. */
  readonly by: string;
  readonly predicate: ConsentPredicate;
}

/** As what each decision stands in a journal. */
export const consentTypes = {
  approve: "approved",
  deny: "denied",
  "skip-bake": "bake-skipped",
} as const satisfies Record<ConsentDecision, Consent["type"]>;

/** What was decided by what stands in a journal as `type`. */
export function decisionOf(type: Consent["type"]): ConsentDecision {
  return type === "approved" ? "approve" : type === "denied" ? "deny" : "skip-bake";
}

/** A consent as it stands in a journal. */
export function consentEvent({ by, predicate }: VerifiedConsent, statement: string): Consent {
  const { decision, phase, planDigest, reason, stage, wave } = predicate;
  return {
    type: consentTypes[decision],
    stage,
    ...(wave !== undefined && { wave }),
    ...(phase !== undefined && { phase }),
    planDigest,
    by,
    reason,
    statement,
  };
}

/** `why` ends the sentence "The consent does not count: …". */
export function consentInvalid(why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_CONSENT_INVALID", `The consent does not count: ${why}.`, { cause });
}
