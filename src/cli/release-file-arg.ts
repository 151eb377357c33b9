import * as Args from "@oclif/core/args";

export const defaultReleaseFile = "release.yaml";

/** The manifest a command works on. */
export const releaseFileArg = Args.string({
  description: "The release manifest.",
  default: defaultReleaseFile,
  ignoreStdin: true,
});
