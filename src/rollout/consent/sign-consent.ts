import { signStatement } from "../../signing/sign-statement.ts";
import type { Signer } from "../../signing/signer.ts";
import { type Statement, statementType } from "../../signing/statement.ts";
import type { RolloutConfig } from "../engine/state.ts";
import { type ConsentPredicate, consentPredicateType, type ConsentWords } from "./consent-statement.ts";
import { consentSubjects, termsDigestOf } from "./rollout-terms.ts";

/** Signs what a person says about a rollout; a Sigstore bundle as JSON, as a journal keeps it. Throws what the signer throws. */
export async function signConsent(
  words: ConsentWords,
  config: RolloutConfig,
  signer: Signer,
): Promise<string> {
  return Buffer.from(await signStatement(consentStatement(words, config), signer)).toString();
}

/** The in-toto statement in which a person says something about a rollout; it is about its plan and its terms. */
export function consentStatement(words: ConsentWords, config: RolloutConfig): Statement {
  const { atMs, decision, phase, reason, stage, wave } = words;
  const { environment, manifestDigest, planDigest, resolved, rolloutId } = config;
  const predicate: ConsentPredicate = {
    decision,
    rolloutId,
    environment,
    product: resolved.product,
    release: resolved.version,
    stage,
    ...(wave !== undefined && { wave }),
    ...(phase !== undefined && { phase }),
    planDigest,
    termsDigest: termsDigestOf(config),
    manifestDigest,
    reason,
    atMs,
  };
  return {
    _type: statementType,
    subject: consentSubjects(config),
    predicateType: consentPredicateType,
    predicate,
  };
}
