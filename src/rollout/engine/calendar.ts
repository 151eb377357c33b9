import { zoneOffset, type ZoneOffset } from "../../base/time-zones.ts";
import type { Freeze } from "../../manifest/environment.ts";
import type { TimeWindow } from "../../manifest/release.ts";
import { formatTimeWindow } from "../../manifest/time-window.ts";

/** Why nothing new may begin. */
export interface Closed {
  readonly kind: "window" | "freeze";
  /** In words: `freeze: end of year`, `outside of Mon-Thu 09:00-16:00 Europe/Amsterdam`. */
  readonly why: string;
  /** When something may begin again; null: not within 370 days. */
  readonly opensAtMs: number | null;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const searchedMs = 370 * dayMs;

/**
 * Whether nothing may begin now: outside of every window (without any: never), or in a freeze. Windows
 * follow the wall clock of their zone: what it never shows when clocks are put forward is not in a
 * window, what it shows twice is in it twice. Where the zone is not known here a window stays shut.
 */
export function isShut(
  nowMs: number,
  windows: readonly TimeWindow[] | undefined,
  freezes: readonly Freeze[],
): boolean {
  if (freezes.some((each) => covers(each, nowMs))) return true;
  if (windows === undefined || windows.length === 0) return false;
  return !windows.some((window) => isOpen(scheduleOf(window), nowMs));
}

/** The same in words, with when it is over, which takes a search; null when something may begin. */
export function closedBecause(
  nowMs: number,
  windows: readonly TimeWindow[] | undefined,
  freezes: readonly Freeze[],
): Closed | null {
  if (!isShut(nowMs, windows, freezes)) return null;
  const schedules = windows && windows.length > 0 ? windows.map(scheduleOf) : null;
  const opensAtMs = opensAt(nowMs, schedules, freezes);
  const freeze = freezes.find((each) => covers(each, nowMs));
  if (freeze) return { kind: "freeze", why: `freeze: ${freeze.why}`, opensAtMs };
  const written = (windows ?? []).map(formatTimeWindow);
  return { kind: "window", why: `outside of ${written.join(" and ")}`, opensAtMs };
}

interface Schedule {
  readonly window: TimeWindow;
  readonly offsetAt: ZoneOffset | null;
}

function scheduleOf(window: TimeWindow): Schedule {
  return { window, offsetAt: zoneOffset(window.zone) };
}

function covers({ fromMs, untilMs }: Freeze, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs;
}

/** The first moment from now on that is within a window and in no freeze. */
function opensAt(
  nowMs: number,
  schedules: readonly Schedule[] | null,
  freezes: readonly Freeze[],
): number | null {
  const limitMs = nowMs + searchedMs;
  let atMs = nowMs;
  // Each turn leaves a freeze behind for good, so there are no more turns than freezes.
  for (let turn = 0; turn <= freezes.length; turn++) {
    const openings = schedules?.map((each) => nextOpening(each, atMs, limitMs)) ?? [atMs];
    atMs = Math.min(...openings);
    if (atMs > limitMs) return null;
    const freeze = freezes.find((each) => covers(each, atMs));
    if (!freeze) return atMs;
    atMs = freeze.untilMs;
  }
  return null;
}

function isOpen({ offsetAt, window }: Schedule, atMs: number): boolean {
  return offsetAt !== null && shows(window, atMs + offsetAt(atMs));
}

/** When the window is open next, from a moment on that may be within it; Infinity: not before the limit. */
function nextOpening({ offsetAt, window }: Schedule, fromMs: number, limitMs: number): number {
  if (!offsetAt) return Infinity;
  let atMs = fromMs;
  while (atMs <= limitMs) {
    const offsetMs = offsetAt(atMs);
    if (shows(window, atMs + offsetMs)) return atMs;
    const opensMs = nextStart(window, atMs + offsetMs) - offsetMs;
    const changesMs = nextChange(offsetAt, atMs, Math.min(opensMs, limitMs));
    if (changesMs === null) return opensMs > limitMs ? Infinity : opensMs;
    atMs = changesMs;
  }
  return Infinity;
}

/** Whether a wall clock that shows this time is within the window. */
function shows({ days, fromMinute, untilMinute }: TimeWindow, wallMs: number): boolean {
  const day = Math.floor(wallMs / dayMs);
  const minute = (wallMs - day * dayMs) / minuteMs;
  const today = days.includes(weekday(day));
  if (untilMinute > fromMinute) return today && fromMinute <= minute && minute < untilMinute;
  return (today && fromMinute <= minute) || (days.includes(weekday(day - 1)) && minute < untilMinute);
}

/** What a wall clock shows when the window begins next, if it is never put forward or back. */
function nextStart({ days, fromMinute }: TimeWindow, wallMs: number): number {
  const today = Math.floor(wallMs / dayMs);
  const starts = Array.from({ length: 8 }, (_, ahead) => today + ahead)
    .filter((day) => days.includes(weekday(day)))
    .map((day) => day * dayMs + fromMinute * minuteMs)
    .filter((startMs) => startMs > wallMs);
  return Math.min(...starts);
}

/** 1 is Monday; day 0 was a Thursday. */
function weekday(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** The first moment in (from, until] at which clocks have been put forward or back since `fromMs`. */
function nextChange(offsetAt: ZoneOffset, fromMs: number, untilMs: number): number | null {
  const offsetMs = offsetAt(fromMs);
  for (let beforeMs = fromMs; beforeMs < untilMs;) {
    let afterMs = Math.min(beforeMs + dayMs, untilMs);
    if (offsetAt(afterMs) === offsetMs) {
      beforeMs = afterMs;
      continue;
    }
    while (afterMs - beforeMs > 1) {
      const middleMs = Math.floor((beforeMs + afterMs) / 2);
      if (offsetAt(middleMs) === offsetMs) beforeMs = middleMs;
      else afterMs = middleMs;
    }
    return afterMs;
  }
  return null;
}
