import { signStatement } from "../../signing/sign-statement.ts";
import type { Signer } from "../../signing/signer.ts";
import type { RolloutConfig } from "../engine/state.ts";
import { consentStatement, type ConsentWords } from "./consent-statement.ts";

/** Signs what a person says about a rollout; a Sigstore bundle as JSON, as a journal keeps it. Throws what the signer throws. */
export async function signConsent(
  words: ConsentWords,
  config: RolloutConfig,
  signer: Signer,
): Promise<string> {
  return Buffer.from(await signStatement(consentStatement(words, config), signer)).toString();
}
