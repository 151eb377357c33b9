import { wrapText } from "../wrap-text.ts";

/** What a terminal has at least. */
export const width = 80;

/** Lines of a sentence on a terminal, each as far in as `indent`. */
export function sentence(text: string, indent = "  "): string {
  return wrapText(text, width, indent);
}

/** What a bounded list leaves out. */
export function more(count: number, what: string): string[] {
  if (count <= 0) return [];
  return [`  ... and ${count} more ${what}${count === 1 ? "" : "s"}`];
}

/** `1.2d`, `36d` */
export function inDays(days: number, unit = "d"): string {
  return `${days < 10 ? days.toFixed(1) : Math.round(days)}${unit}`;
}

/** `1,234,567` */
export function grouped(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}
