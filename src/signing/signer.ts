import type { Signer as SigstoreSigner, Witness } from "@sigstore/sign";
import type { TrustedKey } from "./trusted-key.ts";

/** Whatever can sign bytes: one method, as in `@sigstore/sign`. */
export type Signer = SigstoreSigner;

/** A signer with one long-lived key, known before it signs. */
export interface KeySigner extends Signer {
  readonly trustedKey: TrustedKey;
}

/** A signer with a certificate of minutes: what it signs is worth something with a proof of when that was. */
export interface KeylessSigner extends Signer {
  readonly witnesses: readonly Witness[];
}
