import { bundleToJSON } from "@sigstore/bundle";
import { DSSEBundleBuilder } from "@sigstore/sign";
import { canonicalJson } from "../base/canonical-json.ts";
import type { KeylessSigner, Signer } from "./signer.ts";
import { type Statement, statementPayloadType } from "./statement.ts";

/** Signs a statement as DSSE and returns a standard Sigstore v0.3 bundle, as JSON bytes. */
export async function signStatement(
  statement: Statement,
  signer: Signer & Partial<KeylessSigner>,
): Promise<Uint8Array> {
  const bundle = await new DSSEBundleBuilder({ signer, witnesses: [...(signer.witnesses ?? [])] }).create({
    data: Buffer.from(canonicalJson(statement)),
    type: statementPayloadType,
  });
  return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
}
