import * as Flags from "@oclif/core/flags";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { durationFlag } from "../cli/duration-flag.ts";
import { fieldFlag } from "../cli/field-flag.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import { simulationText } from "../cli/render/simulation-text.ts";
import type { SimulationReport } from "../simulation/release/simulation-report.ts";

const sitesMax = 5_000_000;
const daysMax = 3650;

export default class SimulateCommand extends BaseCommand<typeof SimulateCommand, SimulationReport> {
  static override summary = "Carry out a release over virtual phones and devices, and show how it would go.";
  static override description =
    "Drives the plan with the code that a real rollout runs on, beside the same release without a plan: apps and firmware each on their own. The same seed gives the same result. Exit code 3 says that there is no safe order, 5 that a gate stopped the simulated rollout, 4 that it was not over in time.";
  static override examples = [
    "<%= config.bin %> simulate examples/ceiling-fan/release.yaml --field examples/ceiling-fan/field.json",
    "<%= config.bin %> simulate --bake 24h --sites 1000000 --html report.html",
    "<%= config.bin %> simulate --field field.json --model model.json --json",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    field: fieldFlag(),
    sites: Flags.integer({
      summary: "How many sites there are, each with a phone and a device.",
      default: 100_000,
      min: 10,
      max: sitesMax,
      helpValue: "<count>",
    }),
    seed: Flags.integer({
      summary: "What chance is drawn from.",
      default: 1,
      min: 0,
      max: 0xffffffff,
      helpValue: "<number>",
    }),
    days: Flags.integer({
      summary: "How many days are simulated at most; it ends when 99% are on the target.",
      default: 180,
      min: 1,
      max: daysMax,
      helpValue: "<count>",
    }),
    bake: durationFlag({ summary: "Let every stage bake this long instead of what the manifest says." }),
    deadline: durationFlag({ summary: "Give every gate this deadline instead of what the manifest says." }),
    model: Flags.string({
      summary: "JSON file that says what users and devices are like; see docs/simulate.md.",
      helpValue: "<file>",
    }),
    html: Flags.string({ summary: "Also write a page with the curves to a file.", helpValue: "<file>" }),
  };

  protected override async execute({
    args,
    flags,
  }: CommandInput<typeof SimulateCommand>): Promise<SimulationReport> {
    const { systemClock } = await import("../base/clock.ts");
    const { progressLine } = await import("../cli/simulation/progress-line.ts");
    const { simulate } = await import("../cli/simulation/simulate.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { release } = await loadRelease(args.file, process.env);
    const line = progressLine(this.jsonEnabled() ? null : process.stderr, systemClock);
    const report = await simulate({
      release,
      context: await this.context(flags.env),
      fieldFile: flags.field,
      modelFile: flags.model,
      bakeMs: flags.bake,
      deadlineMs: flags.deadline,
      sites: flags.sites,
      seed: flags.seed,
      daysMax: flags.days,
      progress: (run, day) => line.show(`Simulating the ${run} release: day ${Math.floor(day)}`),
      warn: (text) => this.conversation.warn(text),
      nowMs: systemClock.now(),
    }).finally(() => line.clear());
    if (flags.html !== undefined) {
      const { simulationHtml } = await import("../cli/render/simulation-html.ts");
      const { writeResultFile } = await import("../cli/write-result-file.ts");
      writeResultFile(flags.html, simulationHtml(report));
      this.conversation.info(`Wrote ${flags.html}`);
    }
    return report;
  }

  protected override render(report: SimulationReport): string {
    return simulationText(report, process.env);
  }

  protected override exitOf({ planned }: SimulationReport): ExitCode {
    const statuses = planned.rollouts.map(({ status }) => status);
    if (statuses.some((status) => status === "failed" || status === "rolling-back"))
      return Exit.rolloutFailed;
    return statuses.every((status) => status === "completed") ? Exit.done : Exit.undecided;
  }
}
