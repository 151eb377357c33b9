import type { DiagnosticLog } from "./diagnostic-log.ts";
import { beginOf, endOf, parseLocalTime } from "./local-time.ts";
import { nodeAt, type SourceNode } from "./source-node.ts";

/** A freeze is over after it began; one that is not would hold nothing back. */
export function freezesLast(log: DiagnosticLog, root: SourceNode): void {
  for (const environment of nodeAt(root, ["environments"])?.children.values() ?? []) {
    for (const freeze of nodeAt(environment, ["freezes"])?.children.values() ?? []) {
      const from = freeze.children.get("from");
      const until = freeze.children.get("until");
      const begin = parseLocalTime(from?.text ?? "");
      const end = parseLocalTime(until?.text ?? "");
      if (!begin || !end || !until || beginOf(begin) < endOf(end)) continue;
      log.error(until.valueOffset, {
        code: "IOT_MANIFEST_FREEZE_EMPTY",
        message: `The freeze is over at \`${until.text}\`, before it begins at \`${from?.text}\`.`,
        hint: "Swap them, or say the day until the end of which it lasts.",
      });
    }
  }
}
