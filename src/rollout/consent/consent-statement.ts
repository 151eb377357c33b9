import { IotctlError } from "../../base/errors.ts";
import { type Statement, statementType } from "../../signing/statement.ts";
import type { Consent } from "../engine/events.ts";
import type { RolloutConfig } from "../engine/state.ts";

export const consentPredicateType = "https://iotctl.dev/attestations/consent/v1";

/** What a person says about one stage of one rollout. */
export interface ConsentWords extends Pick<Consent, "stage" | "wave" | "reason"> {
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
  /** Of the release as it was published. */
  readonly manifestDigest: string;
}

/** A consent whose signature was verified. */
export interface VerifiedConsent {
  /** Name of the approver who signed. */
  readonly by: string;
  readonly predicate: ConsentPredicate;
}

const eventTypes = {
  approve: "approved",
  deny: "denied",
  "skip-bake": "bake-skipped",
} as const satisfies Record<ConsentDecision, Consent["type"]>;

/** A consent as it stands in a journal. */
export function consentEvent({ by, predicate }: VerifiedConsent, statement: string): Consent {
  const { decision, planDigest, reason, stage, wave } = predicate;
  return {
    type: eventTypes[decision],
    stage,
    ...(wave !== undefined && { wave }),
    planDigest,
    by,
    reason,
    statement,
  };
}

/** The in-toto statement in which a person says something about a rollout; it is about its plan. */
export function consentStatement(words: ConsentWords, config: RolloutConfig): Statement {
  const { atMs, decision, reason, stage, wave } = words;
  const { environment, manifestDigest, planDigest, resolved, rolloutId } = config;
  const predicate: ConsentPredicate = {
    decision,
    rolloutId,
    environment,
    product: resolved.product,
    release: resolved.version,
    stage,
    ...(wave !== undefined && { wave }),
    planDigest,
    manifestDigest,
    reason,
    atMs,
  };
  return {
    _type: statementType,
    subject: [planSubject(config)],
    predicateType: consentPredicateType,
    predicate,
  };
}

/** The plan of a rollout as the subject of a statement. */
export function planSubject({ planDigest }: RolloutConfig): Statement["subject"][number] {
  return { name: "plan", digest: { sha256: planDigest.replace(/^sha256:/, "") } };
}

/** `why` ends the sentence "The consent does not count: …". */
export function consentInvalid(why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_CONSENT_INVALID", `The consent does not count: ${why}.`, { cause });
}
