import * as Args from "@oclif/core/args";

/** Where `iotctl bundle` seals a release unless told otherwise. */
export const defaultBundleDir = ".iotctl/bundle";

/** The bundle a command works on. */
export const bundleDirArg = Args.string({
  description: "The directory of the bundle.",
  default: defaultBundleDir,
  ignoreStdin: true,
});
