import * as Args from "@oclif/core/args";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { labelsText } from "../../cli/device-table.ts";
import { parseLabelChanges } from "../../cli/label-changes.ts";
import { terminalLine } from "../../cli/terminal-text.ts";

interface LabelResult {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export default class DeviceLabel extends BaseCommand<typeof DeviceLabel, LabelResult> {
  static override summary = "Set labels of a device with key=value, remove them with key-.";
  static override examples = [
    "<%= config.bin %> device label fan-0001 ring=canary site=lab",
    "<%= config.bin %> device label fan-0001 ring-",
  ];
  static override strict = false;
  static override args = {
    id: Args.string({ description: "Id of the device.", required: true, ignoreStdin: true }),
    change: Args.string({ description: "Changes, one or more.", required: true, ignoreStdin: true }),
  };

  protected override async execute({
    args,
    flags,
    rest,
  }: CommandInput<typeof DeviceLabel>): Promise<LabelResult> {
    const changes = parseLabelChanges(rest.slice(1));
    const fleet = await (await this.context(flags.env)).fleet();
    const { id, labels } = await fleet.setLabels(args.id, changes);
    return { id, labels };
  }

  protected override render({ id, labels }: LabelResult): string {
    return `${id}: ${terminalLine(labelsText(labels)) || "no labels"}`;
  }
}
