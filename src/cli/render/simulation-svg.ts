/** One curve of a picture. */
export interface Curve {
  readonly name: string;
  /** Class of the stroke: `c0` to `c5`. */
  readonly colour: string;
  readonly dashed: boolean;
  readonly days: readonly number[];
  readonly values: readonly number[];
}

const size = { width: 760, height: 260 };
const margin = { left: 62, right: 12, top: 12, bottom: 30 };

/** Curves over days as an inline picture: axes with round numbers, one line per curve, colours from the page's classes. */
export function curvesSvg(options: {
  /** What the picture shows, for those who cannot see it. */
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly untilDay: number;
  readonly max: number;
  readonly unit: string;
}): string {
  const { curves, title, unit, untilDay } = options;
  const step = roundStep(options.max / 4);
  const max = Math.max(step, Math.ceil(options.max / step) * step);
  const x = (day: number): number =>
    margin.left + (day / untilDay) * (size.width - margin.left - margin.right);
  const y = (value: number): number =>
    size.height - margin.bottom - (value / max) * (size.height - margin.top - margin.bottom);
  const rows = Array.from({ length: Math.round(max / step) + 1 }, (_, index) => index * step);
  const dayStep = roundStep(untilDay / 8);
  const columns = Array.from({ length: Math.floor(untilDay / dayStep) + 1 }, (_, index) => index * dayStep);
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(title)}">`,
    ...rows.map(
      (value) =>
        `<line class="grid" x1="${margin.left}" x2="${size.width - margin.right}" y1="${round(y(value))}" y2="${round(y(value))}"/>` +
        `<text class="axis" x="${margin.left - 8}" y="${round(y(value) + 4)}" text-anchor="end">${short(value)}${unit}</text>`,
    ),
    ...columns.map(
      (day) =>
        `<text class="axis" x="${round(x(day))}" y="${size.height - 8}" text-anchor="middle">${short(day)}d</text>`,
    ),
    ...curves.map(
      (curve) =>
        `<polyline class="curve ${curve.colour}${curve.dashed ? " dashed" : ""}" points="${points(curve, untilDay, x, y)}"><title>${escapeHtml(curve.name)}</title></polyline>`,
    ),
    "</svg>",
  ].join("\n");
}

function points(
  curve: Curve,
  untilDay: number,
  x: (day: number) => number,
  y: (value: number) => number,
): string {
  const shown = curve.days.flatMap((day, index) =>
    day <= untilDay ? [`${round(x(day))},${round(y(curve.values[index] ?? 0))}`] : [],
  );
  const last = curve.values[shown.length - 1];
  // A run that ended stays as it was.
  const isShort = shown.length === curve.days.length && last !== undefined;
  return [...shown, ...(isShort ? [`${round(x(untilDay))},${round(y(last))}`] : [])].join(" ");
}

/** 1, 2 or 5 times a power of ten, not below what is asked. */
function roundStep(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function short(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toFixed(1))}M`;
  if (value >= 10_000) return `${Number((value / 1000).toFixed(1))}k`;
  return `${Number(value.toFixed(2))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text from outside, safe in HTML as content and in attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
