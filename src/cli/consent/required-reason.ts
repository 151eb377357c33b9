import * as Flags from "@oclif/core/flags";
import { IotctlError } from "../../base/errors.ts";

/** Why somebody holds a stage or cuts a bake short; an empty one says nothing to who reads the journal. */
export const requiredReason = Flags.string({
  summary: "Why; it is signed and kept in the journal.",
  required: true,
  async parse(reason) {
    if (reason.trim() !== "") return reason;
    throw new IotctlError("IOT_USAGE", "The flag --reason is empty; it has to say why.");
  },
});
