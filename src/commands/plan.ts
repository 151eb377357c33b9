import * as Flags from "@oclif/core/flags";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { fieldFlag } from "../cli/field-flag.ts";
import { defaultReleaseFile, releaseFileArg } from "../cli/release-file-arg.ts";
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
    "<%= config.bin %> plan -o plan.json",
    "<%= config.bin %> plan --field field.json",
    "<%= config.bin %> plan --detailed-exitcode",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    field: fieldFlag(),
    output: Flags.string({
      char: "o",
      summary: "Also write the plan to a file, for `release --plan`.",
      helpValue: "<file>",
    }),
    "detailed-exitcode": Flags.boolean({ summary: "Exit with 10 when there is something to do." }),
  };
  #changesExit: ExitCode = Exit.done;

  protected override async execute({ args, flags }: CommandInput<typeof PlanCommand>): Promise<Plan> {
    const { systemClock } = await import("../base/clock.ts");
    const { planRelease } = await import("../cli/release/plan-release.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { release } = await loadRelease(args.file, process.env);
    const options = { nowMs: systemClock.now(), fieldFile: flags.field };
    const { look, plan, warnings } = await planRelease(release, await this.context(flags.env), options);
    for (const warning of warnings) this.conversation.warn(warning);
    if (flags.output !== undefined) {
      const { basisOf } = await import("../cli/release/plan-basis.ts");
      const { writeSavedPlan } = await import("../cli/release/saved-plan.ts");
      writeSavedPlan(flags.output, plan, basisOf(release, look));
      const next = [
        "iotctl release",
        ...(args.file === defaultReleaseFile ? [] : [args.file]),
        "--plan",
        flags.output,
      ];
      this.conversation.info(
        plan.feasible ? `Saved. Carry it out with: ${next.join(" ")}` : "Saved, for the record.",
      );
    }
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
