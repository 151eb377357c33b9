import type {
  AdoptionReport,
  GuardReport,
  RunReport,
  SimulationReport,
} from "../../simulation/release/simulation-report.ts";
import { formatDuration } from "../../base/durations.ts";
import { table } from "../table.ts";
import { dayAxis, drawsBlocks, sparkline } from "./simulation-chart.ts";
import { verdictLines } from "./simulation-verdict.ts";
import { grouped, inDays, more, sentence, width } from "./simulation-words.ts";

const runs = ["planned", "naive"] as const;
const chartWidth = 50;
const guardsShown = 6;

/** A simulated release as people read it, in 80 columns: when who is there, who waits, what does not fit. */
export function simulationText(report: SimulationReport, env: NodeJS.ProcessEnv): string {
  const { planned, product, release, seed, sites } = report;
  return [
    `${product} ${release}, simulated over ${grouped(sites)} sites for ${Math.ceil(planned.days)} days (seed ${seed})`,
    ...report.notes.map((note) => sentence(`Note: ${note}`, "")),
    "",
    milestones(report),
    "",
    ...runs.flatMap((name) => verdictLines(name, report[name])),
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
