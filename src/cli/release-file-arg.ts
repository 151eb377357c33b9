import * as Args from "@oclif/core/args";

/** The manifest a command works on. */
export const releaseFileArg = Args.string({
  description: "The release manifest.",
  default: "release.yaml",
  ignoreStdin: true,
});
