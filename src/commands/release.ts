import * as Flags from "@oclif/core/flags";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { durationFlag } from "../cli/duration-flag.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import { exitOfRollout } from "../cli/render/exit-of-rollout.ts";
import { planText } from "../cli/render/plan-text.ts";
import { rolloutText } from "../cli/render/rollout-text.ts";
import type { ReleaseResult } from "../cli/release/run-release.ts";
import type { Plan } from "../planner/plan.ts";

type Outcome = ({ readonly dryRun: false } & ReleaseResult) | { readonly dryRun: true; readonly plan: Plan };

export default class Release extends BaseCommand<typeof Release, Outcome> {
  static override summary =
    "Check, plan, bundle, sign, push and roll out a release: canary first, then everybody.";
  static override description =
    "Run again after it was stopped at any point, it goes on where it was. It ends when the rollout has ended, and with " +
    "exit code 4 where a person or more devices are needed, or a window is shut past --timeout; the rollout waits, and the output says what to type.";
  static override examples = [
    "<%= config.bin %> release",
    "<%= config.bin %> release --dry-run",
    "<%= config.bin %> release --plan plan.json",
    "<%= config.bin %> release examples/ceiling-fan/release.yaml --wait --timeout 2h",
    "<%= config.bin %> release --env production --detach --json",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    "dry-run": Flags.boolean({ summary: "Show the plan and touch nothing.", char: "n" }),
    plan: Flags.string({
      summary: "Carry out the plan that `plan -o` saved, and refuse when it no longer holds.",
      helpValue: "<file>",
    }),
    detach: Flags.boolean({ summary: "Start the rollout and leave it to `rollout advance`." }),
    again: Flags.boolean({ summary: "Roll out once more what was stopped or rolled back before." }),
    wait: Flags.boolean({
      summary: "Keep waiting where people or more devices are needed, or a window is shut.",
    }),
    timeout: durationFlag({
      summary: "Stop looking after this long; the rollout stays.",
      default: 3_600_000,
    }),
    interval: durationFlag({ summary: "How often to look.", default: 1000 }),
    bundle: Flags.string({
      summary: "Where the bundle is written.",
      default: ".iotctl/bundle",
      helpValue: "<dir>",
    }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof Release>): Promise<Outcome> {
    const { systemClock } = await import("../base/clock.ts");
    const context = await this.context(flags.env);
    if (flags["dry-run"]) {
      const { planToCarryOut } = await import("../cli/release/plan-of-file.ts");
      const { loadRelease } = await import("../manifest/load-release.ts");
      const { release } = await loadRelease(args.file, process.env, { artifactsMustExist: true });
      const options = { planFile: flags.plan, nowMs: systemClock.now() };
      const { plan, warnings } = await planToCarryOut(release, context, options);
      for (const warning of warnings) this.conversation.warn(warning);
      return { dryRun: true, plan };
    }
    const { interruption } = await import("../cli/interruption.ts");
    const { runRelease } = await import("../cli/release/run-release.ts");
    const { progressFor } = await import("../cli/release/progress.ts");
    const result = await runRelease({
      file: args.file,
      env: process.env,
      bundleDir: flags.bundle,
      context,
      clock: systemClock,
      signal: interruption(),
      intervalMs: flags.interval,
      timeoutMs: flags.timeout,
      waitForPeople: flags.wait,
      detach: flags.detach,
      progress: progressFor(this.jsonEnabled(), systemClock),
      again: flags.again,
      planFile: flags.plan,
    });
    return { dryRun: false, ...result };
  }

  protected override render(outcome: Outcome): string {
    if (outcome.dryRun) return planText(outcome.plan);
    return outcome.rollout ? rolloutText(outcome.rollout, Date.now()) : nothingToRollOut(outcome.plan);
  }

  protected override exitOf(outcome: Outcome): ExitCode {
    if (outcome.dryRun) return outcome.plan.feasible ? Exit.done : Exit.blocked;
    return outcome.rollout ? exitOfRollout(outcome.rollout) : Exit.done;
  }
}

function nothingToRollOut({ product, release }: Plan): string {
  return `Nothing to roll out: the field is on ${product} ${release} already.`;
}
