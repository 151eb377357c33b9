import type { Clock } from "../../base/clock.ts";
import { consentEvent, type ConsentWords } from "../../rollout/consent/consent-statement.ts";
import { assertNew, type ConsentVerifier } from "../../rollout/consent/consent-verifier.ts";
import type { Consent } from "../../rollout/engine/events.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import { rolloutLocked } from "../../rollout/journal/rollout-locked.ts";
import type { LiveRollout } from "../../rollout/live-rollout.ts";
import type { Signer } from "../../signing/signer.ts";

/** Others may write this often before a consent is in. */
const attemptsMax = 50;

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
 * written. IOT_CONSENT_INVALID when the same person has said something later.
 */
export async function takeConsent(
  live: LiveRollout,
  consent: Consent,
  { clock, consents }: { clock: Clock; consents: ConsentVerifier },
): Promise<boolean> {
  const { config } = live.state;
  const { statement } = consent;
  const given = statement === undefined ? null : await consents.read(statement, config);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (given) {
      const lastSaidAtMs = consents.lastSaidAtMs(config, consent.stage, given.by);
      if (given.predicate.atMs === lastSaidAtMs) return false;
      assertNew(given, lastSaidAtMs);
    }
    const taken = await live.take(consent, clock.now());
    if (taken === "written") return true;
    if (taken === "nothing") return false;
  }
  throw rolloutLocked(config.rolloutId);
}
