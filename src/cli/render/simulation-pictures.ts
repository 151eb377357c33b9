import type { RunReport } from "../../simulation/release/simulation-report.ts";
import { type Curve, curvesSvg, escapeHtml } from "./simulation-svg.ts";

const colours = 6;

/** How components come to their targets, by plan and without. */
export function adoptionPicture(planned: RunReport, naive: RunReport): string {
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

/** How many sites are in a pair that does not fit. */
export function misfitPicture(planned: RunReport, naive: RunReport): string {
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

/** How many devices wait at the guards of the planned run. */
export function guardPicture(planned: RunReport): string {
  const { days, waiting } = planned.curves;
  const curves: Curve[] = [
    { name: "devices at a guard", colour: "c0", dashed: false, days, values: waiting },
  ];
  return figure(picture("Devices waiting at a guard by day", curves, horizon(planned)), curves);
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

function horizon(...runs: readonly RunReport[]): number {
  const arrivals = runs.flatMap(({ adoption, days: end }) =>
    adoption.map(({ reachedDays }) => reachedDays["95"] ?? end),
  );
  const longest = Math.max(...runs.map((run) => run.days));
  return Math.max(1, Math.min(longest, Math.ceil(Math.max(0, ...arrivals) * 1.25)));
}
