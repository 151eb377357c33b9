import type { RolloutsSettings, S3JournalSettings } from "./environment.ts";
import type { RolloutsInput } from "./rollouts-schema.ts";

type S3Input = NonNullable<Exclude<RolloutsInput, string>["s3"]>;

/** Where journals lie, with defaults filled in. `place` makes a path absolute, or gives the standard one. */
export function normaliseRollouts(
  input: RolloutsInput | undefined,
  place: (path: string | undefined) => string,
): RolloutsSettings {
  const { directory, s3, server } =
    typeof input === "object" ? input : { directory: input, s3: undefined, server: undefined };
  if (s3) return s3Settings(s3);
  return server ? { kind: "server" } : { kind: "directory", dir: place(directory) };
}

function s3Settings({ bucket, endpoint, prefix = "", region, ...input }: S3Input): S3JournalSettings {
  return {
    kind: "s3",
    bucket,
    prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
    ...(endpoint !== undefined && { endpoint }),
    region: region ?? "us-east-1",
    // Servers of one's own are seldom reached by a host name for each bucket.
    pathStyle: input["path-style"] ?? endpoint !== undefined,
  };
}
