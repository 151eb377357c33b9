import type { Clock } from "../../base/clock.ts";
import { consentEvent, type ConsentWords, decisionOf } from "../../rollout/consent/consent-statement.ts";
import { assertNew, type ConsentVerifier } from "../../rollout/consent/consent-verifier.ts";
import type { Consent } from "../../rollout/engine/events.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import type { LiveRollout } from "../../rollout/live-rollout.ts";
import type { Signer } from "../../signing/signer.ts";
import { sayToRollout } from "../say-to-rollout.ts";
import { assertTimely } from "./assert-timely.ts";

/**
 * Signs what a person says now and makes sure that it counts: IOT_CONSENT_UNTRUSTED when they are not
 * among the approvers. Nothing is written yet.
 */
export async function signedConsent(
  words: Omit<ConsentWords, "atMs">,
  config: RolloutConfig,
  { clock, consents, signer }: { clock: Clock; consents: ConsentVerifier; signer: Signer },
): Promise<Consent> {
  const { signConsent } = await import("../../rollout/consent/sign-consent.ts");
  // A clock that was put back must not make a word older than what was said before.
  const atMs = Math.max(clock.now(), consents.lastSaidAtMs(config, words.stage) + 1);
  return readConsent(await signConsent({ ...words, atMs }, config, signer), config, consents);
}

/** The consent that a signed statement is. Throws as `verifyConsent` does. */
export async function readConsent(
  statement: string,
  config: RolloutConfig,
  consents: ConsentVerifier,
): Promise<Consent> {
  return consentEvent(await consents.read(statement, config), statement);
}

/**
 * Writes a consent behind whatever others write meanwhile. False: it says nothing new and was not
 * written. IOT_CONSENT_INVALID when the same person has said something later; what makes no sense any
 * more is refused as `assertTimely` does.
 */
export async function takeConsent(
  live: LiveRollout,
  consent: Consent,
  { clock, consents }: { clock: Clock; consents: ConsentVerifier },
): Promise<boolean> {
  const { config } = live.state;
  const { statement } = consent;
  const given = statement === undefined ? null : await consents.read(statement, config);
  const saying = (state: LiveRollout["state"]): Consent | null => {
    if (given) {
      const lastSaidAtMs = consents.lastSaidAtMs(config, consent.stage, given.by);
      if (given.predicate.atMs === lastSaidAtMs) return null;
      assertNew(given, lastSaidAtMs);
    }
    assertTimely(state, { ...consent, decision: decisionOf(consent.type) });
    return consent;
  };
  return sayToRollout(live, saying, clock);
}
