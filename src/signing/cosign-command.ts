/**
 * The cosign command (2.6.2, 3.0.4 or later) that checks the same signature, to paste into a shell.
 * `digest` is any subject of the statement, `sha256:<hex>`.
 */
export function cosignCommand(options: {
  readonly bundleFile: string;
  readonly publicKeyFile: string;
  readonly predicateType: string;
  readonly digest: string;
}): string {
  return [
    "cosign verify-blob-attestation",
    `--bundle ${quoted(options.bundleFile)}`,
    `--key ${quoted(options.publicKeyFile)}`,
    // Nothing was sent to a public log, so there is no entry to look for.
    "--insecure-ignore-tlog=true",
    `--type ${quoted(options.predicateType)}`,
    `--digest ${options.digest.replace(/^sha256:/, "")} --digestAlg sha256`,
  ].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
