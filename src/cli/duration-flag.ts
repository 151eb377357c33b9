import { CLIError } from "@oclif/core/errors";
import * as Flags from "@oclif/core/flags";
import { formatDuration, parseDuration } from "../base/durations.ts";

/** A flag for a length of time: `30s`, `1h30m`; its value is in milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: "<duration>",
  parse: async (text) => {
    const ms = parseDuration(text);
    if (ms === null || ms === 0) throw new CLIError(`Expected a duration such as 30s or 1h30m, got ${text}`);
    return ms;
  },
  defaultHelp: async ({ options }) =>
    typeof options.default === "number" ? formatDuration(options.default) : undefined,
});
