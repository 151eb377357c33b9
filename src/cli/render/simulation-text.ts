import type {
  AdoptionReport,
  GuardReport,
  RunReport,
  SimulationReport,
} from "../../simulation/release/simulation-report.ts";
import { formatDuration } from "../../base/durations.ts";
import { table } from "../table.ts";
import { dayAxis, drawsBlocks, sparkline } from "./simulation-chart.ts";

/** What a terminal has at least. */
const width = 80;
const runs = ["planned", "naive"] as const;
const chartWidth = 50;
const guardsShown = 6;
const pairsShown = 4;

/** A simulated release as people read it, in 80 columns: when who is there, who waits, what does not fit. */
export function simulationText(report: SimulationReport, env: NodeJS.ProcessEnv): string {
  const { planned, product, release, seed, sites } = report;
  return [
    `${product} ${release}, simulated over ${grouped(sites)} sites for ${Math.ceil(planned.days)} days (seed ${seed})`,
    ...report.notes.flatMap((note) => wrapped(`Note: ${note}`)),
    "",
    milestones(report),
    "",
    ...runs.flatMap((name) => verdict(name, report[name])),
    "",
    chart(report, drawsBlocks(env)),
    ...guards(planned.guards),
    ...timeline(report),
    "",
    "Naive: apps and firmware each rolled out on their own, with the same stages,",
    "people and devices, and no order and no gate between them.",
  ].join("\n");
}

function milestones({ naive, planned }: SimulationReport): string {
  const columns = [
    { title: "ON TARGET" },
    { title: "OF", align: "right" as const },
    ...runs.flatMap((name) =>
      [50, 95, 99].map((percent) => ({
        title: `${name === "planned" ? "" : "naive "}${percent}%`,
        align: "right" as const,
      })),
    ),
  ];
  const rows = planned.adoption.map((one) => {
    const other = naive.adoption.find(({ component }) => component === one.component);
    return [`${one.component} ${one.version}`, grouped(one.population), ...reached(one), ...reached(other)];
  });
  return table(columns, rows, { whenEmpty: "Nobody runs anything of this release.", width });
}

function reached(adoption: AdoptionReport | undefined): string[] {
  return (["50", "95", "99"] as const).map((percent) => {
    const day = adoption?.reachedDays[percent] ?? null;
    return day === null ? "-" : inDays(day);
  });
}

function verdict(name: (typeof runs)[number], run: RunReport): string[] {
  const { pairHours, pairs } = run;
  const title = name === "planned" ? "Planned:" : "Naive:  ";
  const peak = Math.max(0, ...run.curves.incompatible);
  const incompatible = pairs.filter(({ kind }) => kind === "incompatible");
  const lines =
    incompatible.length === 0
      ? [`${title} 0 incompatible pair-hours.`]
      : [
          `${title} ${grouped(pairHours.incompatible)} incompatible pair-hours, up to ${grouped(peak)} sites at once:`,
          ...incompatible
            .slice(0, pairsShown)
            .map(
              ({ a, b, hours, peakSites }) =>
                `  ${a} with ${b}: ${grouped(hours)} h, up to ${grouped(peakSites)} sites`,
            ),
          ...more(incompatible.length - pairsShown, "pair"),
        ];
  if (pairHours.bridged > 0) {
    lines.push(`  ${grouped(pairHours.bridged)} bridged pair-hours, until the app had updated its device.`);
  }
  if (pairHours["left-behind"] > 0) {
    const sites = pairs
      .filter(({ kind }) => kind === "left-behind")
      .reduce((sum, pair) => sum + pair.peakSites, 0);
    const hours = grouped(pairHours["left-behind"]);
    lines.push(
      ...wrapped(
        `  ${hours} pair-hours at up to ${grouped(sites)} sites with a version that so few are left on that the release counts it as gone (retire).`,
      ),
    );
  }
  if (pairHours.broken > 0) {
    lines.push(`  ${grouped(pairHours.broken)} pair-hours of pairs that were broken before the release.`);
  }
  return [...lines, ...outcome(run)];
}

function outcome({ adoption, days, rollouts }: RunReport): string[] {
  const lines = rollouts.flatMap(({ component, failure, status }) => {
    const what = component === "" ? "The rollout" : `The rollout of ${component}`;
    if (status === "completed") return [];
    if (failure !== null) return wrapped(`  ${what} stopped: ${failure}.`);
    return [`  ${what} was not over after ${inDays(days)}: ${status.replaceAll("-", " ")}.`];
  });
  const missed = adoption.flatMap(({ component, onTarget, population, reachedDays }) => {
    const first = (["50", "95", "99"] as const).find((percent) => reachedDays[percent] === null);
    if (first === undefined) return [];
    const share = Math.floor((onTarget / population) * 1000) / 10;
    return [`  ${component} did not reach ${first}% within ${inDays(days)}: ${share}% are there.`];
  });
  return [...lines, ...missed];
}

function chart({ naive, planned }: SimulationReport, unicode: boolean): string {
  const untilDay = horizon(planned, naive);
  const nameWidth = Math.max(7, ...planned.adoption.map(({ component }) => Math.min(component.length, 12)));
  const line = (
    label: string,
    name: string,
    run: RunReport,
    values: readonly number[],
    max: number,
  ): string => {
    const drawn = sparkline({ days: run.curves.days, values }, { width: chartWidth, untilDay, max, unicode });
    return `${label.slice(0, nameWidth).padEnd(nameWidth)} ${name.padEnd(7)} ${unicode ? "▕" : "|"}${drawn}${unicode ? "▏" : "|"}`;
  };
  const both = (label: string, valuesOf: (run: RunReport) => readonly number[], max: number): string[] => [
    line(label, "planned", planned, valuesOf(planned), max),
    line("", "naive", naive, valuesOf(naive), max),
  ];
  const waitingMax = Math.max(0, ...planned.curves.waiting);
  const misfitMax = Math.max(0, ...planned.curves.incompatible, ...naive.curves.incompatible);
  return [
    ...planned.adoption.flatMap(({ component }) =>
      both(component, ({ curves }) => curves.onTarget[component] ?? [], 100),
    ),
    ...(waitingMax > 0 ? [line("waiting", "planned", planned, planned.curves.waiting, waitingMax)] : []),
    ...(misfitMax > 0 ? both("misfits", ({ curves }) => curves.incompatible, misfitMax) : []),
    `${" ".repeat(nameWidth + 10)}${dayAxis(chartWidth, untilDay)}`,
  ].join("\n");
}

/** Long enough to see 95 % arrive; the tail is flat. */
function horizon(...both: readonly RunReport[]): number {
  const arrivals = both.flatMap(({ adoption, days }) =>
    adoption.map(({ reachedDays }) => reachedDays["95"] ?? days),
  );
  const longest = Math.max(...both.map(({ days }) => days));
  return Math.max(1, Math.min(longest, Math.ceil(Math.max(0, ...arrivals) * 1.25)));
}

function guards(queues: readonly GuardReport[]): string[] {
  if (queues.length === 0) return [];
  const columns = [
    { title: "WAITING AT A GUARD", shrinkTo: 20 },
    { title: "FOR", shrinkTo: 16 },
    ...["AT MOST", "ON DAY", "FROM DAY", "AT THE END"].map((title) => ({ title, align: "right" as const })),
  ];
  const rows = queues
    .slice(0, guardsShown)
    .map(({ component, fromDay, peakDay, peakDevices, peer, range, version, waitingAtEnd }) => [
      `${component} ${version}`,
      `${peer} ${range}`,
      grouped(peakDevices),
      inDays(peakDay, ""),
      inDays(fromDay, ""),
      grouped(waitingAtEnd),
    ]);
  return ["", table(columns, rows, { whenEmpty: "", width }), ...more(queues.length - guardsShown, "guard")];
}

function timeline({ model, planned }: SimulationReport): string[] {
  const moments = planned.rollouts.flatMap((rollout) => rollout.moments);
  const lines = moments.map(({ day, name, what }) => {
    const words = {
      wave: `wave ${name} begins`,
      approval: `${name} approved`,
      floor: `hard floor raised: ${name}`,
      stopped: `stopped: ${name}`,
      completed: "completed",
    }[what];
    return `  ${inDays(day, "").padStart(6)}  ${words}`;
  });
  return [
    "",
    `The planned rollout by day; approvals come ${formatDuration(model.people.approvalS * 1000)} after they are asked for:`,
    ...lines,
  ];
}

/** Lines of at most the width of a terminal, the later ones indented. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? "";
  for (const word of text.trim().split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "   ";
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}

function more(count: number, what: string): string[] {
  if (count <= 0) return [];
  return [`  ... and ${count} more ${what}${count === 1 ? "" : "s"}`];
}

/** `1.2d`, `36d` */
function inDays(days: number, unit = "d"): string {
  return `${days < 10 ? days.toFixed(1) : Math.round(days)}${unit}`;
}

/** `1,234,567` */
function grouped(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}
