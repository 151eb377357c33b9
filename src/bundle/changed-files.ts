import { IotctlError } from "../base/errors.ts";

/** A file whose bytes are not the ones that were recorded. */
export interface ChangedFile {
  /** What it is in the release. */
  readonly name: string;
  readonly path: string;
  readonly expected: string;
  /** Null when it is missing. */
  readonly found: string | null;
}

/** IOT_ARTIFACT_CHANGED over every changed file at once. */
export function filesChanged(files: readonly ChangedFile[]): IotctlError {
  const lines = files.map(
    ({ name, path, expected, found }) =>
      `  ${name} (${path}): expected ${expected}, ${found === null ? "but it is missing" : `found ${found}`}`,
  );
  return new IotctlError(
    "IOT_ARTIFACT_CHANGED",
    `${files.length === 1 ? "A file of the bundle has" : `${files.length} files of the bundle have`} changed:\n${lines.join("\n")}`,
    { hints: ["Build the bundle again from the manifest, and sign it."], details: { files } },
  );
}
