import * as Flags from "@oclif/core/flags";
import { join } from "node:path";
import type { ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import type { DemoResult } from "../cli/demo/run-demo.ts";
import { demoText } from "../cli/render/demo-text.ts";
import { exitOfRollout } from "../cli/render/exit-of-rollout.ts";

export default class Demo extends BaseCommand<typeof Demo, DemoResult> {
  static override summary = "Release the ceiling fan example to a fleet and users on this machine.";
  static override description =
    "Starts a fleet server, an app store with users, virtual devices and two real agent processes, releases to them, " +
    "approves the stage that asks for it, and stops everything. With a fault the canary fails and the exit code is 5.";
  static override examples = [
    "<%= config.bin %> demo",
    "<%= config.bin %> demo --fault bad-firmware",
    "<%= config.bin %> demo --devices 200 --dir /tmp/fans",
  ];
  static override flags = {
    devices: Flags.integer({ summary: "How many virtual devices.", default: 40, min: 20, max: 2000 }),
    dir: Flags.string({
      summary: "Where it works; replaced whole.",
      default: ".iotctl/demo",
      helpValue: "<dir>",
    }),
    fault: Flags.option({ summary: "What is wrong with the release.", options: ["bad-firmware"] as const })(),
  };

  protected override async execute({ flags }: CommandInput<typeof Demo>): Promise<DemoResult> {
    const { systemClock } = await import("../base/clock.ts");
    const { runDemo } = await import("../cli/demo/run-demo.ts");
    const { interruption } = await import("../cli/interruption.ts");
    const { progressFor } = await import("../cli/release/progress.ts");
    return runDemo({
      exampleDir: join(this.config.root, "examples", "ceiling-fan"),
      dir: flags.dir,
      deviceCount: flags.devices,
      fault: flags.fault ?? null,
      openContext: () => this.context("local"),
      clock: systemClock,
      signal: interruption(),
      progress: progressFor(this.jsonEnabled(), systemClock),
      say: (text) => this.conversation.info(text),
    });
  }

  protected override render(result: DemoResult): string {
    return demoText(result, Date.now(), process.argv[1] ?? "");
  }

  protected override exitOf({ rollout }: DemoResult): ExitCode {
    return exitOfRollout(rollout);
  }
}
