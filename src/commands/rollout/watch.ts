import * as Flags from "@oclif/core/flags";
import type { ExitCode } from "../../base/error-codes.ts";
import { RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { durationFlag } from "../../cli/duration-flag.ts";
import { exitOfRollout } from "../../cli/render/exit-of-rollout.ts";
import { openCurrentRollout, rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Watch extends RolloutCommand<typeof Watch> {
  static override summary = "Move a rollout on and show it until it ends or a person is needed.";
  static override examples = [
    "<%= config.bin %> rollout watch",
    "<%= config.bin %> rollout watch ceiling-fan-2026.11.0 --wait --timeout 2h",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    wait: Flags.boolean({
      summary: "Keep waiting where people or more devices are needed, or a window is shut.",
    }),
    timeout: durationFlag({
      summary: "Stop looking after this long; the rollout stays.",
      default: 3_600_000,
    }),
    interval: durationFlag({ summary: "How often to look.", default: 1000 }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof Watch>): Promise<RolloutView> {
    const { systemClock } = await import("../../base/clock.ts");
    const { interruption } = await import("../../cli/interruption.ts");
    const { watchRollout } = await import("../../cli/release/watch-rollout.ts");
    const { progressFor } = await import("../../cli/release/progress.ts");
    const context = await this.context(flags.env);
    return watchRollout({
      journal: await openCurrentRollout(await context.journals(), args.rollout),
      ports: await context.rolloutPorts(),
      clock: systemClock,
      intervalMs: flags.interval,
      timeoutMs: flags.timeout,
      waitForPeople: flags.wait,
      signal: interruption(),
      progress: progressFor(this.jsonEnabled(), systemClock),
    });
  }

  protected override exitOf(view: RolloutView): ExitCode {
    return exitOfRollout(view);
  }
}
