import { instantsOf, isTimeZone, nearestTimeZone, zonePattern } from "../base/time-zones.ts";

/** A day, or a minute of one, by the clocks of a zone. */
export interface LocalTime {
  /** The time that clocks show, in milliseconds as if it were UTC. */
  readonly wallMs: number;
  /** It is the whole day. */
  readonly isDay: boolean;
  readonly zone: string;
}

const dayMs = 24 * 3_600_000;

/** For editors; `parseLocalTime` decides. */
export const localTimePattern = String.raw`^\d{4}-\d\d-\d\d(?:T\d\d:\d\d)? ${zonePattern}$`;

/** `2026-12-18 Europe/Amsterdam` or `2026-12-18T18:00 Europe/Amsterdam`; null when it is not written so. */
export function parseLocalTime(text: string): LocalTime | null {
  if (!new RegExp(localTimePattern).test(text)) return null;
  const [time = "", zone = ""] = text.split(" ");
  const isDay = !time.includes("T");
  const wallMs = Date.parse(isDay ? `${time}T00:00Z` : `${time}Z`);
  // The 31st of February would become a day in March.
  if (Number.isNaN(wallMs) || !new Date(wallMs).toISOString().startsWith(time)) return null;
  return isTimeZone(zone) ? { wallMs, isDay, zone } : null;
}

/** What to write in place of a text that is not one. */
export function localTimeHint(text: string): string | null {
  const [, time = "", zone] = /^(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?)(?:\s+(\S+))?$/.exec(text.trim()) ?? [];
  if (time === "") return null;
  if (zone === undefined)
    return `Say by whose clocks: ${time.replace(" ", "T")} UTC, or a zone such as Europe/Amsterdam.`;
  const right = `${time.replace(" ", "T")} ${isTimeZone(zone) ? zone : nearestTimeZone(zone)}`;
  if (parseLocalTime(right) !== null) return `Write \`${right}\`.`;
  return isTimeZone(zone)
    ? `There is no ${time}.`
    : `\`${zone}\` is no time zone; write UTC, or an area and a place such as Europe/Amsterdam.`;
}

/** When it begins. Where clocks show it twice the first time counts. */
export function beginOf({ wallMs, zone }: LocalTime): number {
  return instantsOf(wallMs, zone)?.earliestMs ?? wallMs;
}

/** When it is over: a day at its end, a minute as soon as it begins. Where clocks show it twice the last time counts. */
export function endOf({ isDay, wallMs, zone }: LocalTime): number {
  const endsMs = isDay ? wallMs + dayMs : wallMs;
  return instantsOf(endsMs, zone)?.latestMs ?? endsMs;
}
