import * as Flags from "@oclif/core/flags";
import { IotctlError, messageOf } from "../../base/errors.ts";
import type { Approver } from "../../rollout/engine/state.ts";
import type { KeySigner, Signer } from "../../signing/signer.ts";
import type { Context } from "../context.ts";

/** With what a person signs what they say. */
export const signerFlags = {
  key: Flags.string({
    summary: "PEM file of the key to sign with. Default: the signing key of the environment.",
    helpValue: "<file>",
    exclusive: ["keyless"],
  }),
  keyless: Flags.boolean({
    summary: "Sign with the identity of the OIDC token of this CI job, or of SIGSTORE_ID_TOKEN.",
  }),
};

/**
 * The signer that the flags name, whose key is one of an approver: IOT_CONSENT_UNTRUSTED otherwise. An
 * identity is known only once it signs. Throws what is wrong with a key, or IOT_KEYLESS_UNCONFIGURED.
 */
export async function consentSigner(
  flags: { readonly key?: string | undefined; readonly keyless: boolean },
  context: Context,
  approvers: readonly Approver[],
): Promise<Signer> {
  const { name, signing } = context.environment;
  if (!flags.keyless) {
    const signer = await ownKey(flags.key ?? signing.keyFile);
    const { approverWithKey } = await import("../../rollout/consent/verify-consent.ts");
    approverWithKey(signer.trustedKey.hint, approvers);
    return signer;
  }
  if (!signing.keyless) {
    throw new IotctlError(
      "IOT_KEYLESS_UNCONFIGURED",
      `Environment ${name} does not say where certificates for identities come from.`,
      { hints: ["Add to iotctl.yaml: signing: { keyless: { fulcio, rekor, trusted-root } }"] },
    );
  }
  const { keylessSigner } = await import("../../signing/keyless-signer.ts");
  return keylessSigner(signing.keyless);
}

/** Never makes a key: one that is new is that of no approver. */
async function ownKey(keyFile: string): Promise<KeySigner> {
  const { loadKeySigner } = await import("../../signing/key-signer.ts");
  try {
    return loadKeySigner({ keyFile, create: false });
  } catch (error) {
    if (!(error instanceof IotctlError) || error.code !== "IOT_KEY_MISSING") throw error;
    throw new IotctlError(error.code, messageOf(error), {
      hints: ["Name the file of your own key, which is that of an approver: --key <file>"],
      details: error.details,
      cause: error,
    });
  }
}
