import { CLIError } from "@oclif/core/errors";
import * as Flags from "@oclif/core/flags";
import { formatPercent, parsePercent } from "../base/percentages.ts";

/** A flag for a share: `10%`; its value is 0 to 100. */
export const percentFlag = Flags.custom<number>({
  helpValue: "<percent>",
  parse: async (text) => {
    const percent = parsePercent(text);
    if (percent === null) throw new CLIError(`Expected a percentage such as 10%, got ${text}`);
    return percent;
  },
  defaultHelp: async ({ options }) =>
    typeof options.default === "number" ? formatPercent(options.default) : undefined,
});
