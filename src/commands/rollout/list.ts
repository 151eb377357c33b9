import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { table } from "../../cli/table.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";

type Row = Pick<RolloutView, "rolloutId" | "release" | "status" | "devices" | "startedAtMs" | "endedAtMs">;

export default class List extends BaseCommand<typeof List, readonly Row[]> {
  static override summary = "List the rollouts of the environment, oldest first.";
  static override examples = ["<%= config.bin %> rollout list", "<%= config.bin %> rollout list --json"];

  protected override async execute({ flags }: CommandInput<typeof List>): Promise<readonly Row[]> {
    const { systemClock } = await import("../../base/clock.ts");
    const { readRollout } = await import("../../rollout/advance.ts");
    const journals = await (await this.context(flags.env)).journals();
    const rows: Row[] = [];
    for (const rolloutId of await journals.list()) {
      const view = describeRollout(await readRollout(journals.open(rolloutId)), systemClock.now());
      const { devices, endedAtMs, release, startedAtMs, status } = view;
      rows.push({ rolloutId, release, status, devices, startedAtMs, endedAtMs });
    }
    return rows;
  }

  protected override render(rows: readonly Row[]): string {
    const columns = [
      { title: "ROLLOUT" },
      { title: "STATUS" },
      { title: "UPDATED", align: "right" as const },
      { title: "FAILED", align: "right" as const },
      { title: "STARTED" },
    ];
    return table(
      columns,
      rows.map(({ devices, rolloutId, startedAtMs, status }) => [
        rolloutId,
        status,
        String(devices.updated),
        String(devices.failed),
        new Date(startedAtMs).toISOString(),
      ]),
      { whenEmpty: "No rollout has been started yet. Start one: iotctl release" },
    );
  }
}
