import * as Flags from "@oclif/core/flags";

/** `--field`: a file that describes the field, in place of the one that can be observed. */
export function fieldFlag(options: { readonly exclusive?: string[] } = {}) {
  return Flags.string({
    ...options,
    summary: "Take the field from a file instead of asking the fleet and the stores.",
    description:
      'JSON: for each component a list of versions, or versions with their shares, such as {"fan": {"1.8.0": "20%", "1.9.4": "80%"}}.',
    helpValue: "<file>",
  });
}
