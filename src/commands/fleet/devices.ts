import * as Flags from "@oclif/core/flags";
import { systemClock } from "../../base/clock.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { deviceTable } from "../../cli/device-table.ts";
import { parseLabels } from "../../cli/label-changes.ts";
import type { Device } from "../../fleet/fleet-backend.ts";

interface DevicesResult {
  readonly devices: readonly Device[];
}

export default class FleetDevices extends BaseCommand<typeof FleetDevices, DevicesResult> {
  static override summary = "List devices with what they run, whom they talk to and when they were seen.";
  static override examples = [
    "<%= config.bin %> fleet devices",
    "<%= config.bin %> fleet devices --label ring=canary --json",
  ];
  static override flags = {
    label: Flags.string({
      summary: "Only devices with this label; given more than once, with all of them.",
      multiple: true,
      helpValue: "<key=value>",
    }),
  };

  protected override async execute({ flags }: CommandInput<typeof FleetDevices>): Promise<DevicesResult> {
    const { listAllDevices } = await import("../../rollout/observe-field.ts");
    const wanted = Object.entries(parseLabels(flags.label ?? []));
    const fleet = await (await this.context(flags.env)).fleet();
    const devices = await listAllDevices(fleet);
    return { devices: devices.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value)) };
  }

  protected override render({ devices }: DevicesResult): string {
    return deviceTable(devices, systemClock.now());
  }
}
