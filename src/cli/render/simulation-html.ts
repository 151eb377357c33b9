import type { RunReport, SimulationReport } from "../../simulation/release/simulation-report.ts";
import { adoptionPicture, guardPicture, misfitPicture } from "./simulation-pictures.ts";
import { escapeHtml } from "./simulation-svg.ts";
import { simulationStyle } from "./simulation-style.ts";

const percents = ["50", "95", "99"] as const;

/** A simulated release as one page that needs nothing else: no network, no script, light or dark as the reader has it. */
export function simulationHtml(report: SimulationReport): string {
  const { naive, notes, planned, product, release, seed, sites } = report;
  const title = `${product} ${release}, simulated`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${simulationStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(product)} <span>${escapeHtml(release)}</span></h1>
<p class="lead">${count(sites)} sites, each with a phone and a device; seed ${seed}. Planned: ${days(planned.days)} simulated. Naive: the same apps and firmware each rolled out on their own, with the same stages, people and devices.</p>
${notes.length === 0 ? "" : `<ul class="notes">${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>`}
${tiles(planned, naive)}
<h2>On the target</h2>
${adoptionPicture(planned, naive)}
${adoptionTable(planned, naive)}
<h2>Sites with an app that does not fit their device</h2>
${misfitPicture(planned, naive)}
${pairTable(planned, naive)}
${guardSection(planned)}
<h2>The plan</h2>
${planTable(report)}
<h2>The planned rollout</h2>
${momentTable(planned)}
</main>
</body>
</html>
`;
}

function tiles(planned: RunReport, naive: RunReport): string {
  const tile = (name: string, run: RunReport): string => {
    const hours = run.pairHours.incompatible;
    const { bridged } = run.pairHours;
    const more = [
      `${count(run.pairHours["left-behind"])} left behind by the retire limits`,
      ...(bridged > 0 ? [`${count(bridged)} bridged`] : []),
    ];
    return `<div class="tile ${hours === 0 ? "good" : "bad"}"><h3>${name}</h3><p><b>${count(hours)}</b> incompatible pair-hours</p><p class="small">and ${more.join(", ")}</p></div>`;
  };
  return `<div class="tiles">${tile("Planned", planned)}${tile("Naive", naive)}</div>`;
}

function guardSection(planned: RunReport): string {
  if (planned.guards.length === 0) return "";
  const rows = planned.guards.map((guard) => [
    `${guard.component} ${guard.version}`,
    `${guard.peer} ${guard.range}`,
    count(guard.peakDevices),
    days(guard.peakDay),
    `${days(guard.fromDay)} – ${days(guard.untilDay)}`,
    count(guard.waitingAtEnd),
  ]);
  const head = ["Firmware", "Waits for", "At most", "on day", "From – until", "In the end"];
  return `<h2>Devices waiting at a guard</h2>
${guardPicture(planned)}
${table(head, rows, 2)}`;
}

function adoptionTable(planned: RunReport, naive: RunReport): string {
  const rows = planned.adoption.map((one) => {
    const other = naive.adoption.find(({ component }) => component === one.component);
    return [
      `${one.component} ${one.version}`,
      count(one.population),
      ...[one, other].flatMap((adoption) =>
        percents.map((percent) => reached(adoption?.reachedDays[percent])),
      ),
    ];
  });
  const head = [
    "Target",
    "Of",
    ...percents.map((percent) => `${percent} %`),
    ...percents.map((percent) => `naive ${percent} %`),
  ];
  return table(head, rows, 1);
}

function pairTable(planned: RunReport, naive: RunReport): string {
  const rows = [
    ...planned.pairs.map((pair) => ["planned", pair] as const),
    ...naive.pairs.map((pair) => ["naive", pair] as const),
  ].map(([run, { a, b, hours, kind, peakSites }]) => [
    run,
    kind.replace("-", " "),
    `${a} with ${b}`,
    count(hours),
    count(peakSites),
  ]);
  return rows.length === 0
    ? "<p>There were none.</p>"
    : table(["Run", "Kind", "Pair", "Hours", "Sites at most"], rows, 3);
}

function planTable({ plan }: SimulationReport): string {
  const rows = plan.steps.map((step) => [
    step.id,
    `${step.action}${step.staged ? " staged" : ""}`,
    `${step.component} ${step.version}`,
    Object.entries(step.guard ?? {})
      .map(([component, range]) => `${component} ${range}`)
      .join(", "),
    step.why,
  ]);
  return table(["Step", "Do", "What", "Guard", "Why here"], rows, 99);
}

function momentTable({ rollouts }: RunReport): string {
  const rows = rollouts.flatMap(({ moments }) =>
    moments.map(({ day, name, what }) => [days(day), what, name]),
  );
  return table(["Day", "What", ""], rows, 99);
}

/** Columns from `numbersFrom` on are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[], numbersFrom: number): string {
  const cell = (tag: string, text: string, index: number): string =>
    `<${tag}${index >= numbersFrom ? ' class="number"' : ""}>${escapeHtml(text)}</${tag}>`;
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((text, index) => cell(tag, text, index)).join("")}</tr>`;
  return `<div class="scroll"><table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table></div>`;
}

function reached(day: number | null | undefined): string {
  return day === null || day === undefined ? "–" : days(day);
}

function days(day: number): string {
  return `${day < 10 ? day.toFixed(1) : Math.round(day)}d`;
}

function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}
