import { existsSync } from "node:fs";
import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError } from "../base/errors.ts";
import { publicKeyFileOf } from "./key-signer.ts";
import { type TrustedKey, trustedKeyFromPem } from "./trusted-key.ts";

export interface TrustedKeyFile extends TrustedKey {
  /** Where it was read from. */
  readonly file: string;
}

/**
 * The keys whose signatures count: `trustedKeyFiles`, or, when none are named, the public half that
 * lies beside `keyFile`. Throws IOT_KEY_MISSING or IOT_KEY_INVALID.
 */
export function loadTrustedKeys(signing: {
  readonly keyFile: string;
  readonly trustedKeyFiles: readonly string[];
}): TrustedKeyFile[] {
  const files =
    signing.trustedKeyFiles.length > 0 ? signing.trustedKeyFiles : [publicKeyFileOf(signing.keyFile)];
  return files.map((file) => {
    if (!existsSync(file)) {
      throw new IotctlError("IOT_KEY_MISSING", `There is no public key at ${file}.`, {
        hints: [`openssl pkey -in ${signing.keyFile} -pubout -out ${file}`],
        details: { file },
      });
    }
    const pem = readBoundedFile(file, 64 * 1024, "the public key").toString("latin1");
    return { ...trustedKeyFromPem(pem, `The trusted key ${file}`), file };
  });
}
