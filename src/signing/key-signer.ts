import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { existsSync, linkSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fsyncDirectory, writeFileAtomic } from "../base/atomic-file.ts";
import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError, isSystemError } from "../base/errors.ts";
import type { KeySigner } from "./signer.ts";
import { assertP256, trustedKeyOf } from "./trusted-key.ts";

const maxKeyFileBytes = 64 * 1024;
const passphraseVariable = "IOTCTL_KEY_PASSPHRASE";

/**
 * A signer over a PKCS#8 PEM file with a P-256 key, encrypted or not; the passphrase comes from
 * `IOTCTL_KEY_PASSPHRASE`. With `create`, an absent file is made (mode 0600, encrypted when there is
 * a passphrase) with its public half beside it. Throws IOT_KEY_MISSING, IOT_KEY_INVALID or
 * IOT_KEY_LOCKED; no message ever holds key material.
 */
export function loadKeySigner(options: {
  readonly keyFile: string;
  readonly create: boolean;
  readonly env?: NodeJS.ProcessEnv;
}): KeySigner {
  const { keyFile, create } = options;
  const passphrase = (options.env ?? process.env)[passphraseVariable];
  if (!existsSync(keyFile)) {
    if (!create) throw keyMissing(keyFile);
    createKey(keyFile, passphrase);
  }
  const privateKey = parsePrivateKey(
    readBoundedFile(keyFile, maxKeyFileBytes, "the signing key"),
    keyFile,
    passphrase,
  );
  assertP256(privateKey);
  const publicKey = createPublicKey(privateKey);
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  if (create && !existsSync(publicKeyFileOf(keyFile))) writeFileAtomic(publicKeyFileOf(keyFile), publicPem);
  const trustedKey = trustedKeyOf(publicKey);
  return {
    trustedKey,
    sign: (data) =>
      Promise.resolve({
        signature: sign("sha256", data, privateKey),
        key: { $case: "publicKey", publicKey: publicPem, hint: trustedKey.hint },
      }),
  };
}

/** Where the public half of a key file lies: `release.pem` has `release.pub.pem`. */
export function publicKeyFileOf(keyFile: string): string {
  return `${keyFile.replace(/\.[^./\\]+$/, "")}.pub.pem`;
}

function createKey(keyFile: string, passphrase: string | undefined): void {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({
    type: "pkcs8",
    format: "pem",
    ...(passphrase ? { cipher: "aes-256-cbc", passphrase } : {}),
  });
  const draft = `${keyFile}.${process.pid}.new`;
  writeFileAtomic(draft, pem.toString(), 0o600);
  try {
    // A link never replaces: of two commands that create the key at once, both go on with the same one.
    linkSync(draft, keyFile);
    fsyncDirectory(dirname(keyFile));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function parsePrivateKey(pem: Buffer, keyFile: string, passphrase: string | undefined): KeyObject {
  const text = pem.toString("latin1");
  const encrypted = text.includes("BEGIN ENCRYPTED PRIVATE KEY") || text.includes("Proc-Type: 4,ENCRYPTED");
  if (encrypted && !passphrase) {
    throw new IotctlError(
      "IOT_KEY_LOCKED",
      `The key ${keyFile} is encrypted and ${passphraseVariable} is not set.`,
      {
        hints: [`read -rs ${passphraseVariable} && export ${passphraseVariable}`],
        details: { keyFile },
      },
    );
  }
  try {
    return createPrivateKey({ key: pem, ...(encrypted && passphrase ? { passphrase } : {}) });
  } catch (error) {
    if (encrypted) {
      throw new IotctlError(
        "IOT_KEY_LOCKED",
        `The passphrase in ${passphraseVariable} does not open ${keyFile}.`,
        {
          details: { keyFile },
          cause: error,
        },
      );
    }
    const sigstore = /BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY/.test(text);
    throw new IotctlError(
      "IOT_KEY_INVALID",
      sigstore
        ? `${keyFile} is a key in cosign's own encryption; a PKCS#8 PEM is needed.`
        : `${keyFile} is not a private key in PKCS#8 PEM (BEGIN PRIVATE KEY).`,
      {
        hints: ["openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"],
        details: { keyFile },
        cause: error,
      },
    );
  }
}

function keyMissing(keyFile: string): IotctlError {
  return new IotctlError("IOT_KEY_MISSING", `There is no signing key at ${keyFile}.`, {
    hints: [`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${keyFile}`],
    details: { keyFile },
  });
}
