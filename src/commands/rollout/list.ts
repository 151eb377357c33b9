import { errorCatalogue, Exit, type ExitCode } from "../../base/error-codes.ts";
import type { IotctlError } from "../../base/errors.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { asIotctlError } from "../../cli/as-iotctl-error.ts";
import { type RolloutRow, rolloutTable, type UnreadableRow } from "../../cli/render/rollout-table.ts";
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
      try {
        const state = await readRollout(journals.open(rolloutId), context.consents);
        const view = describeRollout(state, systemClock.now());
        const { devices, endedAtMs, out, release, startedAtMs, status, wave } = view;
        rows.push({ rolloutId, release, status, wave, devices, out, startedAtMs, endedAtMs });
      } catch (error) {
        rows.push(this.#unreadable(rolloutId, asIotctlError(error, this.commandName)));
      }
    }
    return rows;
  }

  /** One journal that cannot be read hides no other; where the place of all is away nothing can be listed. */
  #unreadable(rolloutId: string, error: IotctlError): UnreadableRow {
    if (error.exit === Exit.remote) throw error;
    const { code, message } = error;
    this.conversation.warn(`${rolloutId} cannot be read: ${code}: ${message}`);
    return { rolloutId, status: "unreadable", error: { code, message } };
  }

  protected override exitOf(rows: readonly RolloutRow[]): ExitCode {
    const unreadable = rows.find((row) => "error" in row);
    return unreadable ? errorCatalogue[unreadable.error.code].exit : Exit.done;
  }

  protected override render(rows: readonly RolloutRow[]): string {
    return rolloutTable(rows);
  }
}
