import { type SerializedBundle, bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/base/canonical-json.ts";
import { signStatement } from "../../src/signing/sign-statement.ts";
import type { KeySigner, Signer } from "../../src/signing/signer.ts";
import { type Statement, statementPayloadType, statementType } from "../../src/signing/statement.ts";
import { verifyStatement } from "../../src/signing/verify-statement.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const statement: Statement = {
  _type: statementType,
  subject: [
    { name: "one", digest: { sha256: "1".repeat(64) } },
    { name: "two", digest: { sha256: "2".repeat(64) } },
  ],
  predicateType: "https://example.com/predicate/v1",
  predicate: { says: "hello", count: 3 },
};

function keyPair(): [KeySigner, KeySigner] {
  const dir = temporaryDirectory();
  return [keyIn(dir, "ours"), keyIn(dir, "theirs")];
}

/** Signs any payload under any type, as an attacker with a trusted key (or a bug of ours) could. */
async function signPayload(
  signer: Signer,
  payload: string,
  payloadType = statementPayloadType,
): Promise<Uint8Array> {
  const { DSSEBundleBuilder } = await import("@sigstore/sign");
  const { bundleToJSON } = await import("@sigstore/bundle");
  const builder = new DSSEBundleBuilder({ signer, witnesses: [] });
  const bundle = await builder.create({ data: Buffer.from(payload), type: payloadType });
  return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
}

type Json = Record<string, unknown>;

/** The bundle with something done to its JSON. */
function edited(
  bundle: Uint8Array,
  edit: (json: Json & { dsseEnvelope: Json; verificationMaterial: Json }) => void,
): Buffer {
  const json = JSON.parse(Buffer.from(bundle).toString());
  edit(json);
  return Buffer.from(JSON.stringify(json));
}

test("gives back the statement that was signed, and the hint of the key", async () => {
  const [ours, theirs] = keyPair();
  const bundle = await signStatement(statement, ours);
  const verified = verifyStatement(bundle, [theirs.trustedKey, ours.trustedKey]);
  expect(verified).toEqual({ statement, hint: ours.trustedKey.hint });
});

test("writes a standard bundle, which the library verifies by itself", async () => {
  const [ours] = keyPair();
  const json = JSON.parse(Buffer.from(await signStatement(statement, ours)).toString()) as SerializedBundle;
  expect(json.mediaType).toBe("application/vnd.dev.sigstore.bundle.v0.3+json");
  const empty = TrustedRoot.fromJSON({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [],
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: [],
  });
  const trust = toTrustMaterial(empty, () => ({
    publicKey: ours.trustedKey.publicKey,
    validFor: () => true,
  }));
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  expect(() => verifier.verify(toSignedEntity(bundleFromJSON(json)))).not.toThrow();
});

test("a signature by another key names the key found and the keys trusted", async () => {
  const [ours, theirs] = keyPair();
  const bundle = await signStatement(statement, theirs);
  const error = await thrownBy(() => verifyStatement(bundle, [ours.trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_UNTRUSTED");
  expect(error.exit).toBe(3);
  expect(error.message).toContain(theirs.trustedKey.hint);
  expect(error.message).toContain(ours.trustedKey.hint);
  expect((await thrownBy(() => verifyStatement(bundle, []))).message).toContain("none");
});

test("a signature by another key that claims to be ours is invalid", async () => {
  const [ours, theirs] = keyPair();
  const bundle = edited(await signStatement(statement, theirs), (json) => {
    json.verificationMaterial["publicKey"] = { hint: ours.trustedKey.hint };
    delete (json.dsseEnvelope["signatures"] as Json[])[0]?.["keyid"];
  });
  const error = await thrownBy(() => verifyStatement(bundle, [ours.trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
  expect(error.message).toContain("does not match the statement");
});

test("no single changed byte of a bundle is accepted", async () => {
  const [ours] = keyPair();
  const bundle = Buffer.from(await signStatement(statement, ours));
  const keys = [ours.trustedKey];
  const position = fc.nat({ max: bundle.length - 1 });
  await fc.assert(
    fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(bundle);
      changed[at] = (changed[at] ?? 0) ^ flip;
      expect((await thrownBy(() => verifyStatement(changed, keys))).code).toMatch(
        /^IOT_SIGNATURE_(INVALID|UNTRUSTED)$/,
      );
    }),
    { numRuns: 1500 },
  );
});

test("no truncated bundle is accepted", async () => {
  const [ours] = keyPair();
  const bundle = Buffer.from(await signStatement(statement, ours));
  for (let length = 0; length < bundle.length; length += 7) {
    const error = await thrownBy(() => verifyStatement(bundle.subarray(0, length), [ours.trustedKey]));
    expect(error.code).toBe("IOT_SIGNATURE_INVALID");
  }
});

const badPayloads: [string, string][] = [
  ["that is not JSON", "{"],
  ["that is not a statement", canonicalJson({ hello: 1 })],
  [
    "of another statement version",
    canonicalJson({ ...statement, _type: "https://in-toto.io/Statement/v0.1" }),
  ],
  ["without subjects", canonicalJson({ ...statement, subject: [] })],
  [
    "that names a subject twice",
    canonicalJson({ ...statement, subject: [statement.subject[0], statement.subject[0]] }),
  ],
  [
    "with an upper-case digest",
    canonicalJson({ ...statement, subject: [{ name: "a", digest: { sha256: "A".repeat(64) } }] }),
  ],
  [
    "with a second digest algorithm",
    canonicalJson({ ...statement, subject: [{ name: "a", digest: { sha1: "a", sha256: "a".repeat(64) } }] }),
  ],
  ["with a member the format lacks", canonicalJson({ ...statement, extra: true })],
  ["that is not canonical", JSON.stringify(statement, null, 2)],
  ["with a member twice", canonicalJson(statement).replace('"predicate":', '"predicate":{},"predicate":')],
];
test.each(badPayloads)("a well signed payload %s is invalid", async (_, payload) => {
  const [ours] = keyPair();
  const bundle = await signPayload(ours, payload);
  expect((await thrownBy(() => verifyStatement(bundle, [ours.trustedKey]))).code).toBe(
    "IOT_SIGNATURE_INVALID",
  );
});

test("a well signed payload of another type is invalid", async () => {
  const [ours] = keyPair();
  const bundle = await signPayload(ours, canonicalJson(statement), "application/json");
  const error = await thrownBy(() => verifyStatement(bundle, [ours.trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
  expect(error.message).toContain("payloadType");
});

const signatures = (json: { dsseEnvelope: Json }): Json[] => json.dsseEnvelope["signatures"] as Json[];
const edits: [string, Parameters<typeof edited>[1]][] = [
  [
    "of an older version",
    (json) => (json["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"),
  ],
  ["of no known version", (json) => (json["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json")],
  ["with an unknown member", (json) => (json["comment"] = "hello")],
  ["with two signatures", (json) => signatures(json).push({ ...signatures(json)[0] })],
  ["without a signature", (json) => (json.dsseEnvelope["signatures"] = [])],
  ["with another key id", (json) => (signatures(json)[0] = { ...signatures(json)[0], keyid: "other" })],
  ["with a log entry", (json) => (json.verificationMaterial["tlogEntries"] = [{}])],
  [
    "with a timestamp",
    (json) => (json.verificationMaterial["timestampVerificationData"] = { rfc3161Timestamps: [{}] }),
  ],
  [
    "with white space in its base64",
    (json) => (json.dsseEnvelope["payload"] = `${String(json.dsseEnvelope["payload"])}\n`),
  ],
  ["with a certificate", (json) => (json.verificationMaterial = { certificate: { rawBytes: "AAAA" } })],
  ["with an empty hint", (json) => (json.verificationMaterial["publicKey"] = { hint: "" })],
];
test.each(edits)("a bundle %s is invalid", async (_, edit) => {
  const [ours] = keyPair();
  const bundle = edited(await signStatement(statement, ours), edit);
  expect((await thrownBy(() => verifyStatement(bundle, [ours.trustedKey]))).code).toBe(
    "IOT_SIGNATURE_INVALID",
  );
});

test("a bundle of another tool, without key id and empty lists, is accepted", async () => {
  const [ours] = keyPair();
  const bundle = edited(await signStatement(statement, ours), (json) => {
    json.verificationMaterial = { publicKey: { hint: ours.trustedKey.hint } };
    delete signatures(json)[0]?.["keyid"];
  });
  expect(verifyStatement(bundle, [ours.trustedKey]).statement).toEqual(statement);
});

test("a bundle that is too large is not parsed", async () => {
  const error = await thrownBy(() => verifyStatement(Buffer.alloc(17 * 1024 * 1024, " "), []));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
});
