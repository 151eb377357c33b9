import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConsentVerifier, consentVerifier } from "../../src/rollout/consent/consent-verifier.ts";
import { signConsent } from "../../src/rollout/consent/sign-consent.ts";
import { keylessSigner } from "../../src/signing/keyless-signer.ts";
import type { KeylessSigner } from "../../src/signing/signer.ts";
import { approvedBy, person, words } from "../support/consents.ts";
import { identityToken, type SigstoreProcess, startSigstore } from "../support/sigstore-process.ts";
import { thrownBy } from "../support/thrown-by.ts";

const issuer = "https://issuer.example.com";
const alice = { name: "alice", identity: "alice@example.com", issuer } as const;

let sigstore: SigstoreProcess;
let verifier: ConsentVerifier;
beforeAll(async () => {
  sigstore = await startSigstore();
  verifier = consentVerifier({ trustedRootFile: sigstore.settings.trustedRootFile });
});
afterAll(() => sigstore.stop());

function signerFor(email: string, iss = issuer): KeylessSigner {
  const token = identityToken({ email, iss });
  return keylessSigner(sigstore.settings, { getToken: () => Promise.resolve(token) });
}

test("an identity that is on record consents without a key", async () => {
  const config = approvedBy([alice]);
  const statement = await signConsent(words(), config, signerFor(alice.identity));
  expect(await verifier.read(statement, config)).toMatchObject({ by: "alice", predicate: words() });
});

test.each([
  ["alice@example.com.evil", issuer],
  ["malice@example.com", issuer],
  ["alice@example.com", "https://issuer.example.com.evil"],
])("alice@example.com is not %s, vouched for by %s", async (email, iss) => {
  const config = approvedBy([alice]);
  const statement = await signConsent(words(), config, signerFor(email, iss));
  const error = await thrownBy(() => verifier.read(statement, config));
  expect(error.code).toBe("IOT_CONSENT_UNTRUSTED");
  expect(error.message).toContain(email);
});

test("an identity on record is no pattern: a dot stands for itself", async () => {
  const config = approvedBy([{ ...alice, identity: "a.ice@example.com" }]);
  const statement = await signConsent(words(), config, signerFor("alice@example.com"));
  expect((await thrownBy(() => verifier.read(statement, config))).code).toBe("IOT_CONSENT_UNTRUSTED");
});

test("one person by key and by identity bears one name", async () => {
  const { approver, signer } = person("alice");
  const config = approvedBy([approver, alice]);
  const byKey = await verifier.read(await signConsent(words(), config, signer), config);
  const byIdentity = await verifier.read(
    await signConsent(words(), config, signerFor(alice.identity)),
    config,
  );
  expect([byKey.by, byIdentity.by]).toEqual(["alice", "alice"]);
});

test("no identity counts where nobody is trusted about them", async () => {
  const config = approvedBy([alice]);
  const statement = await signConsent(words(), config, signerFor(alice.identity));
  const keysAlone = consentVerifier({ trustedRootFile: null });
  const error = await thrownBy(() => keysAlone.read(statement, config));
  expect(error.code).toBe("IOT_CONSENT_INVALID");
  expect(error.hints.join()).toContain("trusted-root");
});
