import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";
import { signatureInvalid } from "../signing/signature-errors.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import { type Blob, blobPath } from "../storage/oci-layout.ts";
import type { BundleDescription, BundleSignature } from "./bundle-description.ts";
import { digestBytes } from "./digest-file.ts";
import { readMetadata } from "./read-bundle.ts";
import { type VerifiedRelease, verifyRelease } from "./verify-release.ts";

export interface CheckedSignature {
  /** Hint of the trusted key that signed. */
  readonly hint: string;
  /** The Sigstore bundle. */
  readonly file: string;
}

/**
 * The signatures of a bundle by trusted keys, at least one. Signatures by other keys are
 * passed over; a broken one by a trusted key is not. Throws IOT_SIGNATURE_MISSING, _UNTRUSTED, _INVALID.
 */
export function checkSignatures(
  bundle: BundleDescription,
  trustedKeys: readonly TrustedKey[],
): CheckedSignature[] {
  const checked: CheckedSignature[] = [];
  let untrusted: IotctlError | null = null;
  for (const signature of signatureOf(bundle).bundles) {
    try {
      const hint = checkSignature(bundle, readSignature(bundle, signature), trustedKeys);
      checked.push({ hint, file: blobPath(bundle.dir, signature.digest) });
    } catch (error) {
      if (!(error instanceof IotctlError) || error.code !== "IOT_SIGNATURE_UNTRUSTED") throw error;
      untrusted ??= error;
    }
  }
  if (checked.length === 0 && untrusted) throw untrusted;
  return checked;
}

/** Verifies one signature over a bundle and returns the hint of its key. */
export function checkSignature(
  bundle: BundleDescription,
  signature: Uint8Array,
  trustedKeys: readonly TrustedKey[],
): string {
  const verified = verifyRelease(signature, trustedKeys);
  assertSpeaksOf(bundle, verified);
  return verified.hint;
}

/** The bytes of one of a bundle's signatures, with their digest checked. */
export function readSignature(bundle: BundleDescription, signature: Blob): Uint8Array {
  return Buffer.from(readMetadata(bundle.dir, "signature", signature));
}

/** What signs a bundle; IOT_SIGNATURE_MISSING when nothing does. */
export function signatureOf(bundle: BundleDescription): BundleSignature {
  if (bundle.signature) return bundle.signature;
  throw new IotctlError("IOT_SIGNATURE_MISSING", `The bundle ${bundle.dir} is not signed.`, {
    hints: [`iotctl sign ${bundle.dir}`],
    details: { dir: bundle.dir },
  });
}

function assertSpeaksOf(bundle: BundleDescription, signed: VerifiedRelease): void {
  if (signed.manifestDigest !== bundle.manifest.digest) {
    throw signatureInvalid(`it is for ${signed.manifestDigest}, and this is ${bundle.manifest.digest}`);
  }
  if (digestBytes(canonicalJson(signed.resolved)).digest !== bundle.config.digest) {
    throw signatureInvalid("the release in it is not the release in the bundle");
  }
}
