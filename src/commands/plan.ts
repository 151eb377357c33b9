import * as Flags from "@oclif/core/flags";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import { planText } from "../cli/render/plan-text.ts";
import type { Plan } from "../planner/plan.ts";

export default class PlanCommand extends BaseCommand<typeof PlanCommand, Plan> {
  static override summary =
    "Order the steps of a release so that no pair that may meet is ever incompatible.";
  static override description =
    "Looks at the field and touches nothing. Exit code 3 says that there is no safe order, and the output shows why.";
  static override examples = [
    "<%= config.bin %> plan",
    "<%= config.bin %> plan examples/ceiling-fan/release.yaml --json",
    "<%= config.bin %> plan --detailed-exitcode",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    "detailed-exitcode": Flags.boolean({ summary: "Exit with 10 when there is something to do." }),
  };
  #changesExit: ExitCode = Exit.done;

  protected override async execute({ args, flags }: CommandInput<typeof PlanCommand>): Promise<Plan> {
    const { systemClock } = await import("../base/clock.ts");
    const { planRelease } = await import("../cli/release/plan-release.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { release } = await loadRelease(args.file, process.env);
    const { plan, warnings } = await planRelease(release, await this.context(flags.env), systemClock.now());
    for (const { message } of warnings) this.conversation.warn(message);
    if (flags["detailed-exitcode"]) this.#changesExit = Exit.changes;
    return plan;
  }

  protected override render(plan: Plan): string {
    return planText(plan);
  }

  protected override exitOf(plan: Plan): ExitCode {
    if (!plan.feasible) return Exit.blocked;
    return plan.steps.length > 0 ? this.#changesExit : Exit.done;
  }
}
