import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { IotctlError } from "../base/errors.ts";

/** A public key whose signatures count. Parsing PEM costs more than verifying: keep the object. */
export interface TrustedKey {
  /** Base64 of the SHA-256 of the key's SPKI DER, as cosign computes it. */
  readonly hint: string;
  readonly publicKey: KeyObject;
}

/**
 * Reads an SPKI PEM (`BEGIN PUBLIC KEY`) of a P-256 key; anything else is IOT_KEY_INVALID, whose sentence
 * begins with `what`.
 */
export function trustedKeyFromPem(pem: string, what = "The key"): TrustedKey {
  // createPublicKey would quietly derive the public half of a private key that was put in its place.
  if (!pem.includes("-----BEGIN PUBLIC KEY-----")) {
    throw new IotctlError("IOT_KEY_INVALID", `${what} must be a PEM with BEGIN PUBLIC KEY.`, {
      hints: ["Write the public half: openssl pkey -in key.pem -pubout -out key.pub.pem"],
    });
  }
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey(pem);
  } catch (error) {
    throw new IotctlError("IOT_KEY_INVALID", `${what} says BEGIN PUBLIC KEY but does not parse as one.`, {
      cause: error,
    });
  }
  return trustedKeyOf(publicKey, what);
}

/** The same from a key object: the public half of a P-256 key. */
export function trustedKeyOf(publicKey: KeyObject, what?: string): TrustedKey {
  assertP256(publicKey, what);
  const der = publicKey.export({ type: "spki", format: "der" });
  return { hint: createHash("sha256").update(der).digest("base64"), publicKey };
}

/** Refuses every key type but P-256, which all Sigstore tools verify. */
export function assertP256(key: KeyObject, what = "The key"): void {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return;
  const found = [key.asymmetricKeyType ?? "secret", curve].filter(Boolean).join(" ");
  throw new IotctlError("IOT_KEY_INVALID", `${what} must be P-256 (ec prime256v1) but is ${found}.`, {
    hints: ["openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"],
    details: { expected: "ec prime256v1", found },
  });
}
