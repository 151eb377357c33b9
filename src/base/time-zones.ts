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

function formatFor(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return null;
  }
}
