/** The last moment that a date can be. */
const lastMs = 8.64e15;

/** A moment to the minute: `2026-11-23 08:00 UTC`; what no date reaches is as the last that one does. */
export function formatInstant(atMs: number): string {
  const shown = new Date(
    Math.max(-lastMs, Math.min(lastMs, Number.isNaN(atMs) ? lastMs : atMs)),
  ).toISOString();
  return `${shown.replace(/:\d\d\.\d+Z$/, "").replace("T", " ")} UTC`;
}
