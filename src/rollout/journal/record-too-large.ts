import { IotctlError } from "../../base/errors.ts";
import type { JournalRecord } from "./journal.ts";

/** The error for a record that is larger than what keeps the journal takes: `what` has at most `maxBytes`. */
export function recordTooLarge({ seq }: JournalRecord, sizeBytes: number, what: string): IotctlError {
  return new IotctlError(
    "IOT_JOURNAL_RECORD_TOO_LARGE",
    `Record ${seq} would have ${sizeBytes} bytes; ${what}.`,
    {
      hints: ["Keep the journals in a directory, which takes records of up to 256 MiB"],
      details: { sizeBytes },
    },
  );
}
