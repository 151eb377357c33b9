import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { keylessSigner } from "../../src/signing/keyless-signer.ts";
import { loadTrustedRoot } from "../../src/signing/load-trusted-root.ts";
import { signStatement } from "../../src/signing/sign-statement.ts";
import { type Statement, statementType } from "../../src/signing/statement.ts";
import { verifyKeylessStatement } from "../../src/signing/verify-keyless-statement.ts";
import { verifyStatement } from "../../src/signing/verify-statement.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { identityToken, type SigstoreProcess, startSigstore } from "../support/sigstore-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const issuer = "https://issuer.example.com";
const token = identityToken({ email: "alice@example.com", iss: issuer });
const statement: Statement = {
  _type: statementType,
  subject: [{ name: "plan", digest: { sha256: "1".repeat(64) } }],
  predicateType: "https://example.com/predicate/v1",
  predicate: { says: "hello" },
};

let sigstore: SigstoreProcess;
let signed: Uint8Array;
beforeAll(async () => {
  sigstore = await startSigstore();
  signed = await signStatement(statement, keylessSigner(sigstore.settings, tokens(token)));
});
afterAll(() => sigstore.stop());

function tokens(value: string) {
  return { getToken: () => Promise.resolve(value) };
}

/** The trusted root, changed. */
function rootWith(change: Record<string, unknown>): string {
  const file = join(temporaryDirectory(), "root.json");
  writeFileSync(file, JSON.stringify({ ...sigstore.trustedRoot, ...change }));
  return file;
}

interface Material {
  tlogEntries: { inclusionPromise?: unknown }[];
  timestampVerificationData?: unknown;
  comment?: string;
}

/** The bundle with its verification material changed. */
function edited(change: (material: Material) => void): Buffer {
  const json = JSON.parse(Buffer.from(signed).toString());
  change(json.verificationMaterial);
  return Buffer.from(JSON.stringify(json));
}

describe("signing with an identity", () => {
  test("gives the statement back with who signed it and who vouches for them", () => {
    const trusted = loadTrustedRoot(sigstore.settings.trustedRootFile);
    expect(verifyKeylessStatement(signed, trusted)).toEqual({
      statement,
      identity: "alice@example.com",
      issuer,
    });
  });

  test("is dated by the log alone where there is no timestamp authority", async () => {
    const { timestampUrl: _, ...settings } = sigstore.settings;
    const bundle = await signStatement(statement, keylessSigner(settings, tokens(token)));
    const trusted = loadTrustedRoot(settings.trustedRootFile);
    expect(verifyKeylessStatement(bundle, trusted).identity).toBe("alice@example.com");
  });

  test("does not count without a log entry, without a time, or under other authorities", async () => {
    const trusted = loadTrustedRoot(sigstore.settings.trustedRootFile);
    const unlogged = edited((material) => (material.tlogEntries = []));
    const undated = edited((material) => {
      delete material.tlogEntries[0]?.inclusionPromise;
      material.timestampVerificationData = {};
    });
    const twice = edited((material) => material.tlogEntries.push(...material.tlogEntries));
    const unknown = edited((material) => (material.comment = "hello"));
    const bundles = [
      [unlogged, "expected 1 tlog entries"],
      [undated, "expected 1 timestamps"],
      [twice, "duplicate"],
      [unknown, "comment"],
    ] as const;
    for (const [bundle, says] of bundles) {
      const error = await thrownBy(() => verifyKeylessStatement(bundle, trusted));
      expect(error).toMatchObject({ code: "IOT_SIGNATURE_INVALID", message: expect.stringContaining(says) });
    }
    const other = await startSigstore();
    const stranger = loadTrustedRoot(other.settings.trustedRootFile);
    await other.stop();
    const error = await thrownBy(() => verifyKeylessStatement(signed, stranger));
    expect(error.message).toContain("the trusted root does not vouch for it");
  });

  test("is no signature by a key, and the other way round", async () => {
    const key = keyIn(temporaryDirectory());
    const asKey = await thrownBy(() => verifyStatement(signed, [key.trustedKey]));
    expect(asKey.message).toContain("a certificate in place of a key");
    const byKey = await signStatement(statement, key);
    const trusted = loadTrustedRoot(sigstore.settings.trustedRootFile);
    const asIdentity = await thrownBy(() => verifyKeylessStatement(byKey, trusted));
    expect(asIdentity.message).toContain("a key in place of a certificate");
  });
});

describe("the token of a CI job", () => {
  const variables = ["SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  beforeEach(() => variables.forEach((name) => vi.stubEnv(name, "")));
  afterEach(() => vi.unstubAllEnvs());

  async function signerOfJob(): Promise<string> {
    const bundle = await signStatement(statement, keylessSigner(sigstore.settings));
    return verifyKeylessStatement(bundle, loadTrustedRoot(sigstore.settings.trustedRootFile)).identity;
  }

  test("stands in SIGSTORE_ID_TOKEN", async () => {
    vi.stubEnv("SIGSTORE_ID_TOKEN", token);
    expect(await signerOfJob()).toBe("alice@example.com");
  });

  test("is asked of GitHub for Sigstore, by the token of the request", async () => {
    const asked: unknown[] = [];
    const github = createServer(({ headers, url }, response) => {
      asked.push(url, headers.authorization);
      response.end(JSON.stringify({ value: token }));
    });
    await once(github.listen(0, "127.0.0.1"), "listening");
    const { port } = github.address() as AddressInfo;
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_URL", `http://127.0.0.1:${port}/token?job=1`);
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "for-the-request");
    expect(await signerOfJob()).toBe("alice@example.com");
    expect(asked).toEqual(["/token?job=1&audience=sigstore", "Bearer for-the-request"]);
    github.close();
  });

  test("is missing where no variable leads to one", async () => {
    expect((await thrownBy(signerOfJob)).code).toBe("IOT_IDENTITY_TOKEN_MISSING");
  });
});

describe("without what it takes to sign with an identity", () => {
  test("says which variables were missing and how a job asks for a token", async () => {
    const signer = keylessSigner(sigstore.settings, { getToken: () => Promise.reject(new Error("none")) });
    const error = await thrownBy(() => signStatement(statement, signer));
    expect(error).toMatchObject({ code: "IOT_IDENTITY_TOKEN_MISSING", exit: 7 });
    expect(error.message).toContain("SIGSTORE_ID_TOKEN");
    expect(error.hints.join()).toContain("id-token: write");
  });

  test("never shows a token, however an error came about", async () => {
    const unverified = identityToken({ email: "alice@example.com", email_verified: false });
    const attempts = [
      [sigstore.settings, "not-a-token-but-secret"],
      [sigstore.settings, unverified],
      [{ ...sigstore.settings, fulcioUrl: `${sigstore.settings.fulcioUrl}/nowhere` }, token],
    ] as const;
    for (const [settings, secret] of attempts) {
      const error = await thrownBy(() => signStatement(statement, keylessSigner(settings, tokens(secret))));
      expect(error).toMatchObject({ code: "IOT_KEYLESS_FAILED", exit: 7 });
      expect(error.message).toContain(settings.fulcioUrl);
      expect(JSON.stringify([error.message, error.hints, error.details, error.cause ?? null])).not.toContain(
        secret,
      );
    }
  });

  test("names the log that did not answer", async () => {
    const settings = { ...sigstore.settings, rekorUrl: `${sigstore.settings.rekorUrl}/nowhere` };
    const error = await thrownBy(() => signStatement(statement, keylessSigner(settings, tokens(token))));
    expect(error.code).toBe("IOT_KEYLESS_FAILED");
    expect(error.message).toContain(settings.rekorUrl);
  });
});

describe("a trusted root", () => {
  test.each([
    ["without a certificate authority", { certificateAuthorities: [] }, "certificateAuthorities"],
    ["without a log", { tlogs: [] }, "tlogs"],
    ["without a certificate log", { ctlogs: [] }, "ctlogs"],
    ["of another kind", { mediaType: "application/json" }, "application/json"],
  ])("%s is refused", async (_, change, says) => {
    const error = await thrownBy(() => loadTrustedRoot(rootWith(change)));
    expect(error).toMatchObject({ code: "IOT_TRUSTED_ROOT_INVALID", exit: 2 });
    expect(error.message).toContain(says);
  });

  test("whose log has no beginning is refused, and so is what is not JSON", async () => {
    const [log] = sigstore.trustedRoot["tlogs"] as { publicKey: Record<string, unknown> }[];
    const { validFor: _, ...publicKey } = log!.publicKey;
    const undated = await thrownBy(() => loadTrustedRoot(rootWith({ tlogs: [{ ...log, publicKey }] })));
    expect(undated.message).toContain("since when");
    const file = join(temporaryDirectory(), "root.json");
    writeFileSync(file, "{");
    expect((await thrownBy(() => loadTrustedRoot(file))).code).toBe("IOT_TRUSTED_ROOT_INVALID");
  });
});
