import { join } from "node:path";
import { fsyncDirectory, writeFileAtomic } from "../base/atomic-file.ts";
import { IotctlError } from "../base/errors.ts";
import { signStatement } from "../signing/sign-statement.ts";
import type { KeySigner } from "../signing/signer.ts";
import { type Blob, blobPath, layoutIndex } from "../storage/oci-layout.ts";
import type { BundleDescription } from "./bundle-description.ts";
import { emptyConfig, indexEntries, releaseStatement, signatureManifest } from "./bundle-format.ts";
import { checkSignature, readSignature } from "./check-signatures.ts";
import { digestBytes } from "./digest-file.ts";
import { readBundle } from "./read-bundle.ts";
import { assertArtifactsUnchanged } from "./verify-bundle.ts";

/**
 * Signs a bundle in place: the statement over its manifest and every artifact, whose bytes are hashed
 * first. A valid signature by the same key is kept (`present`); signatures by other keys stay beside
 * the new one.
 */
export async function signBundle(options: {
  readonly dir: string;
  readonly signer: KeySigner;
}): Promise<{ readonly result: "signed" | "present"; readonly bundle: BundleDescription }> {
  const { signer } = options;
  const bundle = await readBundle(options.dir);
  const { dir, resolved, manifest } = bundle;
  await assertArtifactsUnchanged(bundle);

  const existing = bundle.signature?.bundles ?? [];
  const states = existing.map((signature) => stateOf(bundle, signature, signer));
  if (states.includes("ours")) return { result: "present", bundle };
  const others = existing.filter((_, index) => states[index] === "other");

  const signed = await signStatement(releaseStatement(resolved, manifest.digest), signer);
  checkSignature(bundle, signed, [signer.trustedKey]);
  const bundles = [...others, addBlob(dir, signed)];
  const config = addBlob(dir, emptyConfig);
  const entry = addBlob(dir, signatureManifest(config, manifest, bundles));
  fsyncDirectory(join(dir, "blobs"));
  // Until the index names them, the new files do not exist for any reader.
  writeFileAtomic(join(dir, "index.json"), layoutIndex(indexEntries(resolved, manifest, entry)));
  return { result: "signed", bundle: { ...bundle, signature: { manifest: entry, config, bundles } } };
}

/** Whose an existing signature is; one that does not verify is `broken`, and not kept. */
function stateOf(bundle: BundleDescription, signature: Blob, signer: KeySigner): "ours" | "other" | "broken" {
  try {
    checkSignature(bundle, readSignature(bundle, signature), [signer.trustedKey]);
    return "ours";
  } catch (error) {
    if (!(error instanceof IotctlError)) throw error;
    return error.code === "IOT_SIGNATURE_UNTRUSTED" ? "other" : "broken";
  }
}

function addBlob(dir: string, content: string | Uint8Array): Blob {
  const blob = digestBytes(content);
  writeFileAtomic(blobPath(dir, blob.digest), content);
  return blob;
}
