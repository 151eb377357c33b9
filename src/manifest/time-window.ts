import { isTimeZone, nearestTimeZone, zonePattern } from "../base/time-zones.ts";
import type { TimeWindow } from "./release.ts";

const dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const dayPattern = `(?:${dayNames.join("|")})`;
const daysPattern = `(?:daily|${dayPattern}(?:-${dayPattern})?(?:,${dayPattern}(?:-${dayPattern})?)*)`;
const minutesPerDay = 1440;

/** For editors; `parseTimeWindow` decides. */
export const timeWindowPattern = String.raw`^${daysPattern} \d\d:\d\d-\d\d:\d\d ${zonePattern}$`;

/**
 * A window as people write it: days, hours and the zone whose clocks count, as in
 * `Mon-Thu 09:00-16:00 Europe/Amsterdam` or `daily 22:00-02:00 UTC`. Null when it is not written so.
 */
export function parseTimeWindow(text: string): TimeWindow | null {
  if (!new RegExp(timeWindowPattern).test(text)) return null;
  const [days = "", hours = "", zone = ""] = text.split(" ");
  const window = { days: readDays(days), ...readHours(hours), zone };
  const { fromMinute, untilMinute } = window;
  if (window.days === null || fromMinute === undefined || untilMinute === undefined) return null;
  return isTimeZone(zone) ? { days: window.days, fromMinute, untilMinute, zone } : null;
}

/** What to write in place of a text that is not a window. */
export function timeWindowHint(text: string): string {
  const words = text.trim().split(/\s+/);
  const [first = "", ...rest] = words;
  const zoneWord = /^[A-Za-z]/.test(rest.at(-1) ?? "") ? rest.pop()! : null;
  const days = readDays(first);
  if (days === null) return `\`${first}\` are no days: write ${dayNames.join(", ")}, Mon-Fri or daily.`;
  const hoursWord = rest.join("");
  const hours = readHours(hoursWord);
  if (hours === null) {
    if (hoursWord === "") return `Say the hours too, as in \`${first} 09:00-16:00 Europe/Amsterdam\`.`;
    const [from, until] = hoursWord.split("-");
    return from === until
      ? `\`${hoursWord}\` is no time at all; a whole day is 00:00-24:00.`
      : `\`${hoursWord}\` are no hours of a day; write them from 00:00 to 24:00, as in 09:00-16:00.`;
  }
  if (zoneWord === null) {
    return `Say whose clocks count: \`${formatTimeWindow({ days, ...hours, zone: "UTC" })}\`, or a zone such as Europe/Amsterdam.`;
  }
  const zone = isTimeZone(zoneWord) ? zoneWord : nearestTimeZone(zoneWord);
  return zone === null
    ? `\`${zoneWord}\` is no time zone; write UTC, or an area and a place such as Europe/Amsterdam.`
    : `Write \`${formatTimeWindow({ days, ...hours, zone })}\`.`;
}

/** `Mon-Thu 09:00-16:00 Europe/Amsterdam`. */
export function formatTimeWindow({ days, fromMinute, untilMinute, zone }: TimeWindow): string {
  return `${formatDays(days)} ${formatMinute(fromMinute)}-${formatMinute(untilMinute)} ${zone}`;
}

/** Weekdays, also as `monday` or `weekdays`; null when one of them is not. */
function readDays(word: string): number[] | null {
  if (/^(daily|everyday)$/i.test(word)) return [1, 2, 3, 4, 5, 6, 7];
  if (/^weekdays$/i.test(word)) return [1, 2, 3, 4, 5];
  const days = new Set<number>();
  for (const part of word.split(",")) {
    const [first, last, ...more] = part.split("-").map(readDay);
    if (!first || last === null || more.length > 0) return null;
    const until = last ?? first;
    for (let day = first; ; day = (day % 7) + 1) {
      days.add(day);
      if (day === until) break;
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

function readDay(name: string): number | null {
  if (!/^[a-z]{3,9}$/i.test(name)) return null;
  const index = dayNames.findIndex((day) => day.toLowerCase() === name.slice(0, 3).toLowerCase());
  return index === -1 ? null : index + 1;
}

/** Hours, also as `9-16`; null when they are not, or are no time at all. */
function readHours(word: string): Pick<TimeWindow, "fromMinute" | "untilMinute"> | null {
  const [from, until, ...more] = word.split(/[-–]/).map(readMinute);
  if (from === undefined || until === undefined || more.length > 0) return null;
  if (from === null || until === null || from === minutesPerDay || from === until) return null;
  return { fromMinute: from, untilMinute: until === 0 ? minutesPerDay : until };
}

function readMinute(word: string): number | null {
  const [, hours, minutes = "00"] = /^(\d{1,2})(?:[:.]?(\d\d))?$/.exec(word) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= minutesPerDay ? minute : null;
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
