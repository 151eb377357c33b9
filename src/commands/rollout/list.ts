import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { type RolloutRow, rolloutTable } from "../../cli/render/rollout-table.ts";
import { describeRollout } from "../../rollout/engine/describe-rollout.ts";

export default class List extends BaseCommand<typeof List, readonly RolloutRow[]> {
  static override summary = "List the rollouts of the environment, oldest first.";
  static override examples = ["<%= config.bin %> rollout list", "<%= config.bin %> rollout list --json"];

  protected override async execute({ flags }: CommandInput<typeof List>): Promise<readonly RolloutRow[]> {
    const { systemClock } = await import("../../base/clock.ts");
    const { readRollout } = await import("../../rollout/advance.ts");
    const context = await this.context(flags.env);
    const journals = await context.journals();
    const rows: RolloutRow[] = [];
    for (const rolloutId of await journals.list()) {
      const state = await readRollout(journals.open(rolloutId), context.consents);
      const view = describeRollout(state, systemClock.now());
      const { devices, endedAtMs, out, release, startedAtMs, status, wave } = view;
      rows.push({ rolloutId, release, status, wave, devices, out, startedAtMs, endedAtMs });
    }
    return rows;
  }

  protected override render(rows: readonly RolloutRow[]): string {
    return rolloutTable(rows);
  }
}
