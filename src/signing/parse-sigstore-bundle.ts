import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import * as z from "zod";
import { messageOf } from "../base/errors.ts";
import { signatureInvalid } from "./signature-errors.ts";
import { sigstoreBundleMediaType, statementPayloadType } from "./statement.ts";

/** A Sigstore bundle taken apart; nothing in it is proved yet. */
export interface UnprovedBundle {
  /** Hint of the key that is said to have signed; null: it carries a certificate. */
  readonly hint: string | null;
  /** Bytes of the statement. */
  readonly payload: Uint8Array;
  readonly bundle: Bundle;
}

const maxBundleBytes = 16 * 1024 * 1024;
/** More logs and authorities than anybody asks. */
const maxWitnesses = 8;

// The library's reader skips unknown members and stray characters in base64, so two readers could see
// two different bundles; only what is written here is let through to it.
const base64 = z.string().refine((text) => Buffer.from(text, "base64").toString("base64") === text, {
  error: "not canonical base64",
});
const integer = z.string().regex(/^\d{1,18}$/);
const none = z.array(z.never("there is no trust root for log entries and timestamps"));
// Numbers that are 0 and lists that are empty are left out, as in all JSON of protobuf.
const logEntry = z.strictObject({
  logIndex: integer.optional(),
  logId: z.strictObject({ keyId: base64 }),
  kindVersion: z.strictObject({ kind: z.string(), version: z.string() }),
  integratedTime: integer.optional(),
  inclusionPromise: z.strictObject({ signedEntryTimestamp: base64 }).optional(),
  inclusionProof: z.strictObject({
    logIndex: integer.optional(),
    rootHash: base64,
    treeSize: integer,
    hashes: z.array(base64).max(64).optional(),
    checkpoint: z.strictObject({ envelope: z.string() }),
  }),
  canonicalizedBody: base64,
});
const byKey = z.strictObject({
  publicKey: z.strictObject({ hint: z.string().min(1) }),
  tlogEntries: none.optional(),
  timestampVerificationData: z.strictObject({ rfc3161Timestamps: none.optional() }).optional(),
});
const byCertificate = z.strictObject({
  certificate: z.strictObject({ rawBytes: base64.min(1) }),
  tlogEntries: z.array(logEntry).max(maxWitnesses),
  timestampVerificationData: z
    .strictObject({
      rfc3161Timestamps: z
        .array(z.strictObject({ signedTimestamp: base64 }))
        .max(maxWitnesses)
        .optional(),
    })
    .optional(),
});
const dsseEnvelope = z.strictObject({
  payload: base64,
  payloadType: z.literal(statementPayloadType),
  signatures: z.tuple([z.strictObject({ sig: base64, keyid: z.string().optional() })]),
});
const mediaType = z.literal(sigstoreBundleMediaType);
const keyBundle = z.strictObject({ mediaType, verificationMaterial: byKey, dsseEnvelope });
const certificateBundle = z.strictObject({ mediaType, verificationMaterial: byCertificate, dsseEnvelope });

/**
 * Takes a Sigstore v0.3 bundle apart: one DSSE signature over an in-toto payload, by a key without log
 * entries or by a certificate. Refuses everything else with IOT_SIGNATURE_INVALID.
 * https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
 */
export function parseSigstoreBundle(bundleJson: Uint8Array): UnprovedBundle {
  if (bundleJson.length > maxBundleBytes) {
    throw signatureInvalid(`it has ${bundleJson.length} bytes and at most ${maxBundleBytes} are read`);
  }
  const { text, value } = parseJson(bundleJson);
  const parsed = (carriesCertificate(value) ? certificateBundle : keyBundle).safeParse(value);
  if (!parsed.success) throw signatureInvalid(z.prettifyError(parsed.error));
  // Of members that stand there twice different readers take different ones.
  if (membersWritten(text) !== membersOf(parsed.data)) throw signatureInvalid("it has a member twice");
  const { dsseEnvelope: envelope, verificationMaterial } = parsed.data;
  const hint = "publicKey" in verificationMaterial ? verificationMaterial.publicKey.hint : null;
  const [{ keyid }] = envelope.signatures;
  if (hint !== null && keyid && keyid !== hint) {
    throw signatureInvalid(`its key hints differ: ${keyid} and ${hint}`);
  }
  return { hint, payload: Buffer.from(envelope.payload, "base64"), bundle: takenApart(parsed.data) };
}

function carriesCertificate(value: unknown): boolean {
  const material = (value as { verificationMaterial?: unknown } | null)?.verificationMaterial;
  return typeof material === "object" && material !== null && "certificate" in material;
}

function takenApart(json: unknown): Bundle {
  try {
    return bundleFromJSON(json);
  } catch (error) {
    throw signatureInvalid(`it is not a bundle: ${messageOf(error)}`, error);
  }
}

function parseJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw signatureInvalid(`it is not JSON: ${messageOf(error)}`, error);
  }
}

/** In valid JSON each colon outside of a string belongs to one member. */
function membersWritten(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    if (json[at] === ":") count++;
    else if (json[at] === '"') at = endOfString(json, at);
  }
  return count;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}

function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts = Object.values(value);
  const own = Array.isArray(value) ? 0 : parts.length;
  return parts.reduce((sum: number, part) => sum + membersOf(part), own);
}
