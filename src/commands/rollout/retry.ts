import * as Flags from "@oclif/core/flags";
import { IotctlError } from "../../base/errors.ts";
import { assertUnderWay } from "../../cli/assert-under-way.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Retry extends RolloutCommand<typeof Retry> {
  static override summary = "Give devices that failed the same step once more.";
  static override description =
    "The first time is what gates count: trying again helps devices and proves nothing. A rollout that has ended " +
    "begins anew, from the first stage and with a new plan: iotctl release --again.";
  static override examples = [
    "<%= config.bin %> rollout retry --reason 'the disk was full'",
    "<%= config.bin %> rollout retry ceiling-fan-2026.11.0 --device fan-007 --device fan-012",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    device: Flags.string({ summary: "A device; all that failed when none is named.", multiple: true }),
    ...personFlags,
  };

  protected override execute({ args, flags }: CommandInput<typeof Retry>): Promise<RolloutView> {
    return this.tell(flags.env, args.rollout, (state) => {
      const { config, devices } = state;
      assertUnderWay(
        state,
        "only one that is under way can try devices again",
        "Begin anew from the first stage: iotctl release --again",
      );
      const failed = Object.keys(devices).filter((deviceId) => devices[deviceId]?.status === "failed");
      const wrong = flags.device?.find((deviceId) => !failed.includes(deviceId));
      if (wrong !== undefined || failed.length === 0) throw notFailed(config.rolloutId, wrong);
      return {
        type: "retried",
        by: identity(flags.by),
        reason: flags.reason,
        ...(flags.device && { deviceIds: flags.device }),
      };
    });
  }
}

function notFailed(rolloutId: string, deviceId: string | undefined): IotctlError {
  const who = deviceId === undefined ? "No device" : `Device ${deviceId}, which was named, is not one that`;
  return new IotctlError("IOT_DEVICE_NOT_FAILED", `${who} has failed in rollout ${rolloutId}.`, {
    hints: [`See who has: iotctl rollout status ${rolloutId}`],
    details: { rolloutId, ...(deviceId !== undefined && { deviceId }) },
  });
}
