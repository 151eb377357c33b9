import type { RunReport, SimulationReport } from "../../simulation/release/simulation-report.ts";
import { type Curve, curvesSvg, escapeHtml } from "./simulation-svg.ts";
import { simulationStyle } from "./simulation-style.ts";

const colours = 6;
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
    const left = run.pairHours["left-behind"];
    const more = [
      run.pairHours.bridged > 0 ? `${count(run.pairHours.bridged)} bridged` : "",
      left > 0 ? `${count(left)} of devices left behind below the retire limit` : "",
    ].filter((text) => text !== "");
    return `<div class="tile ${hours === 0 ? "good" : "bad"}"><h3>${name}</h3><p><b>${count(hours)}</b> incompatible pair-hours</p><p class="small">${more.length === 0 ? "&nbsp;" : `and ${more.join(", ")}`}</p></div>`;
  };
  return `<div class="tiles">${tile("Planned", planned)}${tile("Naive", naive)}</div>`;
}

function adoptionPicture(planned: RunReport, naive: RunReport): string {
  const curves = planned.adoption.flatMap(({ component }, index): Curve[] => {
    const colour = `c${index % colours}`;
    return (
      [
        ["planned", planned],
        ["naive", naive],
      ] as const
    ).map(([name, run]) => ({
      name: `${component}, ${name}`,
      colour,
      dashed: name === "naive",
      days: run.curves.days,
      values: run.curves.onTarget[component] ?? [],
    }));
  });
  const title = "Share of devices and users on the target by day";
  return figure(curvesSvg({ title, curves, untilDay: horizon(planned, naive), max: 100, unit: "%" }), curves);
}

function misfitPicture(planned: RunReport, naive: RunReport): string {
  const curves: Curve[] = [
    {
      name: "planned",
      colour: "c0",
      dashed: false,
      days: planned.curves.days,
      values: planned.curves.incompatible,
    },
    { name: "naive", colour: "c1", dashed: true, days: naive.curves.days, values: naive.curves.incompatible },
  ];
  if (planned.pairHours.bridged > 0) {
    const { bridged, days: at } = planned.curves;
    curves.push({
      name: "planned, bridged by the app",
      colour: "c2",
      dashed: false,
      days: at,
      values: bridged,
    });
  }
  return figure(picture("Sites in an incompatible pair by day", curves, horizon(planned, naive)), curves);
}

function guardSection(planned: RunReport): string {
  if (planned.guards.length === 0) return "";
  const { days: at, waiting } = planned.curves;
  const curves: Curve[] = [
    { name: "devices at a guard", colour: "c0", dashed: false, days: at, values: waiting },
  ];
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
${figure(picture("Devices waiting at a guard by day", curves, horizon(planned, planned)), curves)}
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

function picture(title: string, curves: readonly Curve[], untilDay: number): string {
  const max = Math.max(1, ...curves.flatMap(({ values }) => values));
  return curvesSvg({ title, curves, untilDay, max, unit: "" });
}

function figure(svg: string, curves: readonly Curve[]): string {
  const legend = curves
    .map(
      ({ colour, dashed, name }) =>
        `<li><i class="${colour}${dashed ? " dashed" : ""}"></i>${escapeHtml(name)}</li>`,
    )
    .join("");
  return `<figure>${svg}<ul class="legend">${legend}</ul></figure>`;
}

/** Columns from `numbersFrom` on are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[], numbersFrom: number): string {
  const cell = (tag: string, text: string, index: number): string =>
    `<${tag}${index >= numbersFrom ? ' class="number"' : ""}>${escapeHtml(text)}</${tag}>`;
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((text, index) => cell(tag, text, index)).join("")}</tr>`;
  return `<div class="scroll"><table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table></div>`;
}

function horizon(...runs: readonly RunReport[]): number {
  const arrivals = runs.flatMap(({ adoption, days: end }) =>
    adoption.map(({ reachedDays }) => reachedDays["95"] ?? end),
  );
  const longest = Math.max(...runs.map((run) => run.days));
  return Math.max(1, Math.min(longest, Math.ceil(Math.max(0, ...arrivals) * 1.25)));
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
