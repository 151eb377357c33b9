import { nearestName } from "./nearest-name.ts";

const dayMs = 24 * 3_600_000;

/** What the wall clocks of a zone show, less UTC, in milliseconds; whole seconds. */
export type ZoneOffset = (atMs: number) => number;

/** The offset of an IANA time zone at any instant; null where the zone is not known here. */
export function zoneOffset(zone: string): ZoneOffset | null {
  // Asked at every step of simulations; the general way costs a hundred times as much.
  if (zone === "UTC") return () => 0;
  const format = formatFor(zone);
  if (!format) return null;
  return (atMs) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) shown[type] = Number(value);
    const { day = 1, hour = 0, minute = 0, month = 1, second = 0, year = 1970 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
  };
}

/** `UTC`, or an area and a place: abbreviations such as EST mean other clocks than people think in summer. */
export const zonePattern = String.raw`(?:UTC|[A-Z][A-Za-z]+(?:/[A-Z][\w+-]*)+)`;

/** Whether this is the name of a time zone whose clocks are known here. */
export function isTimeZone(name: string): boolean {
  return new RegExp(`^${zonePattern}$`).test(name) && zoneOffset(name) !== null;
}

/** What the lists of time zones go on calling by older names. */
const renamedZones = ["Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Yangon", "Europe/Kyiv"];

/** The time zone that was probably meant, also by a place alone; null when none is near. */
export function nearestTimeZone(name: string): string | null {
  const zones = ["UTC", ...renamedZones, ...Intl.supportedValuesOf("timeZone")];
  const place = name.toLowerCase().replaceAll(" ", "_");
  return zones.find((zone) => zone.toLowerCase().split("/").at(-1) === place) ?? nearestName(name, zones);
}

/**
 * The instants at which the clocks of a zone show a time, `wallMs` being that time as if it were UTC.
 * They are two when clocks were put back over it; where they were put forward over it, the instants
 * that lie just before and behind by the length of the jump. Null where the zone is not known here.
 */
export function instantsOf(wallMs: number, zone: string): { earliestMs: number; latestMs: number } | null {
  const offsetAt = zoneOffset(zone);
  if (!offsetAt) return null;
  const candidates = [-dayMs, dayMs].map((aside) => wallMs - offsetAt(wallMs + aside));
  const exact = candidates.filter((atMs) => atMs + offsetAt(atMs) === wallMs);
  const instants = exact.length > 0 ? exact : candidates;
  return { earliestMs: Math.min(...instants), latestMs: Math.max(...instants) };
}

/** Making one costs fifty times as much as asking it; there are no more zones than those known here. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
    return format;
  } catch {
    return null;
  }
}
