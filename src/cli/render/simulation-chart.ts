/** How a terminal draws a height: from nothing to full. */
const blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const letters = [" ", ".", ":", "-", "=", "+", "*", "#", "@"];

/** Whether a terminal that says this about itself shows block characters. */
export function drawsBlocks(env: NodeJS.ProcessEnv): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  return /utf-?8/i.test(locale) && env["TERM"] !== "dumb" && env["TERM"] !== "linux";
}

/** A curve as one line of text: the highest value of each column's share of the time, 0 to `max`. */
export function sparkline(
  curve: { readonly days: readonly number[]; readonly values: readonly number[] },
  options: {
    readonly width: number;
    readonly untilDay: number;
    readonly max: number;
    readonly unicode: boolean;
  },
): string {
  const { max, unicode, untilDay, width } = options;
  const levels = unicode ? blocks : letters;
  const highest: (number | undefined)[] = Array.from({ length: width });
  for (const [index, day] of curve.days.entries()) {
    if (day > untilDay) break;
    const column = Math.min(width - 1, Math.floor((day / untilDay) * width));
    highest[column] = Math.max(highest[column] ?? 0, curve.values[index] ?? 0);
  }
  // A run that ended stays as it was.
  let last = 0;
  return highest
    .map((value) => {
      last = value ?? last;
      const level = max === 0 ? 0 : Math.ceil((last / max) * (levels.length - 1));
      return levels[Math.min(level, levels.length - 1)];
    })
    .join("");
}

/** The axis below: days at even distances, as many as fit. */
export function dayAxis(width: number, untilDay: number): string {
  const marks = 5;
  let line = "";
  for (let mark = 0; mark < marks; mark++) {
    const at = Math.round((mark / (marks - 1)) * width);
    const day = (mark / (marks - 1)) * untilDay;
    const text = untilDay < 10 ? `${Number(day.toFixed(1))}` : `${Math.round(day)}`;
    const label = mark === marks - 1 ? `${text}d` : text;
    const start = mark === 0 ? 0 : at - (mark === marks - 1 ? label.length : Math.floor(label.length / 2));
    line = line.padEnd(start) + label;
  }
  return line;
}
