import type { Freeze } from "../../../src/manifest/environment.ts";
import type { TimeWindow } from "../../../src/manifest/release.ts";

const weekdays = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Whether something may begin at a moment, asked of the wall clock that the platform shows in each zone. */
export class WallCalendar {
  readonly #clocks = new Map<string, Intl.DateTimeFormat>();

  isOpen(atMs: number, windows: readonly TimeWindow[] | undefined, freezes: readonly Freeze[]): boolean {
    if (freezes.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)) return false;
    if (!windows || windows.length === 0) return true;
    return windows.some((window) => this.#shows(window, atMs));
  }

  #shows({ days, fromMinute, untilMinute, zone }: TimeWindow, atMs: number): boolean {
    const [weekday = "", hour, minute] = this.#clock(zone)
      .format(atMs)
      .split(/[ :,]+/);
    const day = weekdays.indexOf(weekday);
    const now = Number(hour) * 60 + Number(minute);
    const yesterday = day === 1 ? 7 : day - 1;
    if (fromMinute < untilMinute) return days.includes(day) && now >= fromMinute && now < untilMinute;
    return (days.includes(day) && now >= fromMinute) || (days.includes(yesterday) && now < untilMinute);
  }

  #clock(timeZone: string): Intl.DateTimeFormat {
    const known = this.#clocks.get(timeZone);
    if (known) return known;
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    this.#clocks.set(timeZone, clock);
    return clock;
  }
}
