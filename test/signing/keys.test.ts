import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadKeySigner, publicKeyFileOf } from "../../src/signing/key-signer.ts";
import { loadTrustedKeys } from "../../src/signing/load-trusted-keys.ts";
import { trustedKeyFromPem } from "../../src/signing/trusted-key.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

test("creates a key that only its owner can read, with its public half, and loads it again", () => {
  const keyFile = join(temporaryDirectory(), "keys", "dev.pem");
  const created = loadKeySigner({ keyFile, create: true, env: {} });
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(publicKeyFileOf(keyFile), "utf8")).toContain("BEGIN PUBLIC KEY");
  const loaded = loadKeySigner({ keyFile, create: false, env: {} });
  expect(loaded.trustedKey.hint).toBe(created.trustedKey.hint);
  expect(loadTrustedKeys({ keyFile, trustedKeyFiles: [] })[0]?.hint).toBe(created.trustedKey.hint);
});

test("computes the hint that cosign computes", () => {
  // openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64
  const pem = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExCKmLF2JmpwxS4aieV9//87uM1Jv
0wo57m2V98YD11j6yf8oUkcKYbKtPhYHUEZLIapp7+/Peedp8TEDdLJjFw==
-----END PUBLIC KEY-----
`;
  expect(trustedKeyFromPem(pem).hint).toBe("T8vj7DU3DgDethjlJa0LOr7oB5Hu+9B8/16TZowdjWE=");
});

test("creates an encrypted key when there is a passphrase, and needs it from then on", async () => {
  const keyFile = join(temporaryDirectory(), "dev.pem");
  const env = { IOTCTL_KEY_PASSPHRASE: "correct horse" };
  const { trustedKey } = loadKeySigner({ keyFile, create: true, env });
  expect(readFileSync(keyFile, "utf8")).toContain("BEGIN ENCRYPTED PRIVATE KEY");
  expect(loadKeySigner({ keyFile, create: false, env }).trustedKey.hint).toBe(trustedKey.hint);

  const without = await thrownBy(() => loadKeySigner({ keyFile, create: false, env: {} }));
  expect(without.code).toBe("IOT_KEY_LOCKED");
  expect(without.message).toContain("IOTCTL_KEY_PASSPHRASE is not set");
  const wrong = { IOTCTL_KEY_PASSPHRASE: "battery staple" };
  const refused = await thrownBy(() => loadKeySigner({ keyFile, create: false, env: wrong }));
  expect(refused.code).toBe("IOT_KEY_LOCKED");
  expect(JSON.stringify([refused.message, refused.hints, refused.details])).not.toContain("battery");
});

test("an unencrypted key loads while a passphrase is set for another one", () => {
  const keyFile = join(temporaryDirectory(), "dev.pem");
  loadKeySigner({ keyFile, create: true, env: {} });
  const env = { IOTCTL_KEY_PASSPHRASE: "for another" };
  expect(() => loadKeySigner({ keyFile, create: false, env })).not.toThrow();
});

test("creates nothing where it was not asked to", async () => {
  const keyFile = join(temporaryDirectory(), "release.pem");
  const error = await thrownBy(() => loadKeySigner({ keyFile, create: false, env: {} }));
  expect(error.code).toBe("IOT_KEY_MISSING");
  expect(existsSync(keyFile)).toBe(false);
});

test.each([
  ["P-384", () => generateKeyPairSync("ec", { namedCurve: "P-384" }), "ec secp384r1"],
  ["Ed25519", () => generateKeyPairSync("ed25519"), "ed25519"],
  ["RSA", () => generateKeyPairSync("rsa", { modulusLength: 2048 }), "rsa"],
])("refuses a %s key and says what it found", async (_, generate, found) => {
  const { privateKey, publicKey } = generate();
  const keyFile = join(temporaryDirectory(), "key.pem");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  const error = await thrownBy(() => loadKeySigner({ keyFile, create: false, env: {} }));
  expect(error.code).toBe("IOT_KEY_INVALID");
  expect(error.details["found"]).toBe(found);
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  expect((await thrownBy(() => trustedKeyFromPem(publicPem))).code).toBe("IOT_KEY_INVALID");
});

test.each([
  ["nonsense", "not a key", "PKCS#8"],
  ["cosign's own encryption", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n", "cosign"],
])("refuses %s without repeating it", async (_, content, says) => {
  const keyFile = join(temporaryDirectory(), "key.pem");
  writeFileSync(keyFile, content);
  const error = await thrownBy(() => loadKeySigner({ keyFile, create: false, env: {} }));
  expect(error.code).toBe("IOT_KEY_INVALID");
  expect(error.message).toContain(says);
  expect(error.message).not.toContain(content);
});

test("a private key is not accepted in the place of a trusted one", async () => {
  const keyFile = join(temporaryDirectory(), "dev.pem");
  loadKeySigner({ keyFile, create: true, env: {} });
  const pem = readFileSync(keyFile, "utf8");
  const error = await thrownBy(() => trustedKeyFromPem(pem));
  expect(error.code).toBe("IOT_KEY_INVALID");
  expect(error.message).not.toContain(pem.split("\n")[1]);
});

test("a trusted key that is damaged or missing is named", async () => {
  const dir = temporaryDirectory();
  const damaged = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  expect((await thrownBy(() => trustedKeyFromPem(damaged))).code).toBe("IOT_KEY_INVALID");
  const missing = join(dir, "absent.pub.pem");
  const error = await thrownBy(() => loadTrustedKeys({ keyFile: "key.pem", trustedKeyFiles: [missing] }));
  expect(error.code).toBe("IOT_KEY_MISSING");
  expect(error.message).toContain(missing);
});

test("a key file that is a directory is unreadable, and a lost public half is written again", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "key.pem"));
  const error = await thrownBy(() => loadKeySigner({ keyFile: join(dir, "key.pem"), create: true, env: {} }));
  expect(error.code).toBe("IOT_FILE_UNREADABLE");

  const keyFile = join(dir, "dev.pem");
  loadKeySigner({ keyFile, create: true, env: {} });
  rmSync(publicKeyFileOf(keyFile));
  loadKeySigner({ keyFile, create: true, env: {} });
  expect(existsSync(publicKeyFileOf(keyFile))).toBe(true);
});
