import type { TimeWindow } from "./release.ts";

export const dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** A window as people write it: `Mon-Thu 09:00-16:00 Europe/Amsterdam`. */
export function formatTimeWindow({ days, fromMinute, untilMinute, zone }: TimeWindow): string {
  return `${formatDays(days)} ${formatMinute(fromMinute)}-${formatMinute(untilMinute)} ${zone}`;
}

function formatDays(days: readonly number[]): string {
  if (days.length === dayNames.length) return "daily";
  const runs: number[][] = [];
  for (const day of days) {
    if (runs.at(-1)?.at(-1) === day - 1) runs.at(-1)!.push(day);
    else runs.push([day]);
  }
  return runs
    .flatMap((run) => (run.length > 2 ? [`${nameOf(run[0]!)}-${nameOf(run.at(-1)!)}`] : run.map(nameOf)))
    .join(",");
}

function nameOf(day: number): string {
  return dayNames[day - 1] ?? String(day);
}

function formatMinute(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}
