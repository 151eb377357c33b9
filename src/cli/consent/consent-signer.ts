import * as Flags from "@oclif/core/flags";
import { IotctlError } from "../../base/errors.ts";
import type { Signer } from "../../signing/signer.ts";
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

/** The signer that the flags name. Throws what is wrong with a key, or IOT_KEYLESS_UNCONFIGURED. */
export async function consentSigner(
  flags: { readonly key?: string | undefined; readonly keyless: boolean },
  context: Context,
): Promise<Signer> {
  if (flags.key !== undefined) {
    const { loadKeySigner } = await import("../../signing/key-signer.ts");
    return loadKeySigner({ keyFile: flags.key, create: false });
  }
  if (!flags.keyless) return context.signer();
  const { name, signing } = context.environment;
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
