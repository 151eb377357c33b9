import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { historyLine } from "../../cli/render/history-line.ts";
import { openRollout, rolloutArg } from "../../cli/rollout-arg.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";

export default class History extends BaseCommand<typeof History, readonly JournalRecord[]> {
  static override summary = "Show everything that a rollout decided and saw, from its journal.";
  static override examples = [
    "<%= config.bin %> rollout history",
    "<%= config.bin %> rollout history ceiling-fan-2026.11.0 --json",
  ];
  static override args = { rollout: rolloutArg };

  protected override async execute({
    args,
    flags,
  }: CommandInput<typeof History>): Promise<readonly JournalRecord[]> {
    const journals = await (await this.context(flags.env)).journals();
    return (await openRollout(journals, args.rollout)).read();
  }

  protected override render(records: readonly JournalRecord[]): string {
    return records.map((record) => historyLine(record, [])).join("\n");
  }
}
