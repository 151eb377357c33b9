/**
 * An in-toto Statement v1: what is said (`predicate`) about which bytes (`subject`).
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 */
export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

export interface Subject {
  readonly name: string;
  /** Hex, without a prefix. */
  readonly digest: { readonly sha256: string };
}

export const statementType = "https://in-toto.io/Statement/v1";

/** DSSE payload type of a statement. */
export const statementPayloadType = "application/vnd.in-toto+json";

/** Media type of a Sigstore bundle, the only version written and read. */
export const sigstoreBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
