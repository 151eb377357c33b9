import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { historyText } from "../../cli/render/history-text.ts";
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
    const { LiveRollout } = await import("../../rollout/live-rollout.ts");
    const context = await this.context(flags.env);
    const journal = await openRollout(await context.journals(), args.rollout);
    return new LiveRollout(journal, context.consents).catchUp();
  }

  protected override render(records: readonly JournalRecord[]): string {
    return historyText(records);
  }
}
