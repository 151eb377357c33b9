import {
  CIContextProvider,
  FulcioSigner,
  type IdentityProvider,
  RekorWitness,
  TSAWitness,
  type Witness,
} from "@sigstore/sign";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { KeylessSettings } from "../manifest/environment.ts";
import type { KeylessSigner } from "./signer.ts";

/** A log may take longer than the library waits by itself. */
const requestTimeoutMs = 20_000;
const retriesMax = 2;

/**
 * A signer with a certificate for whoever runs this: the OIDC token of the CI job, or the one in
 * `SIGSTORE_ID_TOKEN`, is exchanged for a certificate of minutes at Fulcio; Rekor, and a timestamp
 * authority if there is one, prove when it was used. `sign` throws IOT_IDENTITY_TOKEN_MISSING or
 * IOT_KEYLESS_FAILED; no error holds a token.
 */
export function keylessSigner(
  { fulcioUrl, rekorUrl, timestampUrl }: KeylessSettings,
  tokens: IdentityProvider = new CIContextProvider("sigstore"),
): KeylessSigner {
  const request = { retry: retriesMax, timeout: requestTimeoutMs };
  // After an answer that came too late the log has the entry already.
  const rekor = new RekorWitness({ rekorBaseURL: rekorUrl, fetchOnConflict: true, ...request });
  const witnesses: Witness[] = [telling(rekor, "log", rekorUrl)];
  if (timestampUrl !== undefined) {
    const clock = new TSAWitness({ tsaBaseURL: timestampUrl, ...request });
    witnesses.push(telling(clock, "timestamp authority", timestampUrl));
  }
  return {
    witnesses,
    async sign(data) {
      const token = await tokenFrom(tokens);
      const identityProvider = { getToken: () => Promise.resolve(token) };
      const fulcio = new FulcioSigner({ fulcioBaseURL: fulcioUrl, identityProvider, ...request });
      return fulcio.sign(data).catch((error: unknown) => {
        throw failedAt("certificate authority", fulcioUrl, error, token);
      });
    },
  };
}

function telling(witness: Witness, what: string, url: string): Witness {
  return {
    testify: (content, publicKey) =>
      witness.testify(content, publicKey).catch((error: unknown) => {
        throw failedAt(what, url, error, null);
      }),
  };
}

async function tokenFrom(tokens: IdentityProvider): Promise<string> {
  const token: unknown = await tokens.getToken().catch(() => null);
  if (typeof token === "string" && token !== "") return token;
  throw new IotctlError(
    "IOT_IDENTITY_TOKEN_MISSING",
    "There is no OIDC token to prove an identity with: neither SIGSTORE_ID_TOKEN nor the variables of a CI job " +
      "(ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN) lead to one.",
    {
      hints: [
        "In a GitHub workflow: permissions: { id-token: write }",
        "In GitLab: id_tokens: { SIGSTORE_ID_TOKEN: { aud: sigstore } }",
      ],
    },
  );
}

/** The library puts tokens that it cannot parse into its messages, and a server may repeat one. */
function failedAt(what: string, url: string, error: unknown, token: string | null): IotctlError {
  const isToken = error instanceof Error && "code" in error && error.code === "IDENTITY_TOKEN_PARSE_ERROR";
  const why = isToken ? "the identity token cannot be read" : messageOf(error);
  const said = token === null ? why : why.replaceAll(token, "<token>");
  return new IotctlError("IOT_KEYLESS_FAILED", `The ${what} ${url} did not do its part: ${said}.`, {
    hints: ["Sign with a key in place of an identity: --key <file>"],
    details: { url },
  });
}
