import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toTrustMaterial, type TrustMaterial } from "@sigstore/verify";
import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError, messageOf } from "../base/errors.ts";

/** Authorities, logs and clocks that are believed about certificates. */
export type TrustedAuthorities = TrustMaterial;

const maxFileBytes = 1024 * 1024;
const mediaType = /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.1|\.v0\.[12]\+json)$/;

/**
 * Reads a Sigstore trusted root, as `cosign trusted-root create` writes it. IOT_TRUSTED_ROOT_INVALID
 * when it is none, or names no certificate authority, no certificate log or no signature log: then
 * nothing could ever be verified. IOT_FILE_UNREADABLE when it cannot be read.
 * https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto
 */
export function loadTrustedRoot(file: string): TrustedAuthorities {
  const text = readBoundedFile(file, maxFileBytes, "the trusted root").toString();
  let root: TrustedRoot;
  let authorities: TrustedAuthorities;
  try {
    root = TrustedRoot.fromJSON(JSON.parse(text));
    authorities = toTrustMaterial(root);
  } catch (error) {
    throw trustedRootInvalid(file, messageOf(error), error);
  }
  if (!mediaType.test(root.mediaType))
    throw trustedRootInvalid(file, `its media type is "${root.mediaType}"`);
  const { certificateAuthorities, ctlogs, tlogs } = authorities;
  for (const [what, entries] of Object.entries({ certificateAuthorities, ctlogs, tlogs })) {
    if (entries.length === 0) throw trustedRootInvalid(file, `it has no ${what}`);
  }
  // The library takes a log that nobody dated for one that was always there.
  if (root.tlogs.some(({ publicKey }) => !publicKey?.validFor?.start)) {
    throw trustedRootInvalid(file, "one of its tlogs does not say since when it is valid");
  }
  return authorities;
}

function trustedRootInvalid(file: string, why: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_TRUSTED_ROOT_INVALID", `${file} is not a usable trusted root: ${why}.`, {
    hints: ["Write one: cosign trusted-root create"],
    details: { file },
    cause,
  });
}
