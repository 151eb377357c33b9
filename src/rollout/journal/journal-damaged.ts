import { IotctlError } from "../../base/errors.ts";

/** Record `seq` of a journal is not what was written there. `source` says which journal, as a person would look it up. */
export function journalDamaged(source: string, seq: number, problem: string): IotctlError {
  return new IotctlError(
    "IOT_JOURNAL_DAMAGED",
    `Record ${seq} of ${source} does not fit the chain: ${problem}.`,
    {
      hints: ["Restore the journal from a backup; nothing is decided on a journal that was changed"],
      details: { source, record: seq },
    },
  );
}
