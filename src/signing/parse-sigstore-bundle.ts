import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import * as z from "zod";
import { messageOf } from "../base/errors.ts";
import { signatureInvalid } from "./signature-errors.ts";
import { sigstoreBundleMediaType, statementPayloadType } from "./statement.ts";

/** A Sigstore bundle taken apart; nothing in it is proved yet. */
export interface UnprovedBundle {
  /** Hint of the key that is said to have signed. */
  readonly hint: string;
  /** Bytes of the statement. */
  readonly payload: Uint8Array;
  readonly bundle: Bundle;
}

const maxBundleBytes = 16 * 1024 * 1024;

// The library's reader skips unknown members and stray characters in base64, so two readers could see
// two different bundles; only what is written here is let through to it.
const base64 = z.string().refine((text) => Buffer.from(text, "base64").toString("base64") === text, {
  error: "not canonical base64",
});
const none = z.array(z.never("there is no trust root for log entries and timestamps"));
const sigstoreBundle = z.strictObject({
  mediaType: z.literal(sigstoreBundleMediaType),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string().min(1) }),
    tlogEntries: none.optional(),
    timestampVerificationData: z.strictObject({ rfc3161Timestamps: none.optional() }).optional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: base64,
    payloadType: z.literal(statementPayloadType),
    signatures: z.tuple([z.strictObject({ sig: base64, keyid: z.string().optional() })]),
  }),
});

/**
 * Takes a Sigstore v0.3 bundle apart: one DSSE signature by a key over an in-toto payload, without
 * log entries. Refuses everything else with IOT_SIGNATURE_INVALID.
 * https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
 */
export function parseSigstoreBundle(bundleJson: Uint8Array): UnprovedBundle {
  if (bundleJson.length > maxBundleBytes) {
    throw signatureInvalid(`it has ${bundleJson.length} bytes and at most ${maxBundleBytes} are read`);
  }
  const parsed = sigstoreBundle.safeParse(parseJson(bundleJson));
  if (!parsed.success) throw signatureInvalid(z.prettifyError(parsed.error));
  const { verificationMaterial, dsseEnvelope } = parsed.data;
  const { hint } = verificationMaterial.publicKey;
  const [{ keyid }] = dsseEnvelope.signatures;
  if (keyid && keyid !== hint) throw signatureInvalid(`its key hints differ: ${keyid} and ${hint}`);
  return {
    hint,
    payload: Buffer.from(dsseEnvelope.payload, "base64"),
    bundle: bundleFromJSON(parsed.data),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw signatureInvalid(`it is not JSON: ${messageOf(error)}`, error);
  }
}
