import type { Random } from "../../../src/base/random.ts";
import { randomInteger } from "../../../src/base/random.ts";
import type { ComponentVersion } from "../../../src/compat/relation.ts";

/** What a device makes of an update. Those from `early-success` on are dishonest, each in a way that was met in the field. */
export type Nature =
  | "honest"
  /** Fails and says so. */
  | "fails"
  /** Says it failed and runs the new version. */
  | "modest"
  /** Falls back to the old version after it reported the new one. */
  | "falls-back"
  /** Says it succeeded, goes on running the old version and never reports a version again. */
  | "mute-liar"
  /** Says it succeeded before it has restarted into the new version. */
  | "early-success"
  /** Says it succeeded and runs the old version. */
  | "fallback-silent"
  /** Goes on installing for ever. */
  | "stuck-proceeding"
  /** Starts the old and the new version by turns. */
  | "flapper"
  /** Two devices with one name, of which one was updated. */
  | "clone"
  /** Its words carry a time of 1970 or of 2099. */
  | "time-traveller"
  /** Repeats what it had said long ago. */
  | "replayer"
  /** Reports the new version and runs the old one: nobody can see that from outside. */
  | "liar"
  /** Downloads and never installs. */
  | "hoarder"
  /** Runs the new version and is never heard of again. */
  | "mute";

export const personalities: readonly Nature[] = [
  "early-success",
  "fallback-silent",
  "stuck-proceeding",
  "flapper",
  "clone",
  "time-traveller",
  "replayer",
  "liar",
  "hoarder",
  "mute",
];

export interface ModelPhone {
  readonly id: string;
  readonly component: string;
  version: string;
  /** How long after a version is shown to it the user takes it; Infinity: never. */
  readonly adoptsAfterMs: number;
}

export interface ModelDevice {
  readonly id: string;
  readonly component: string;
  readonly hardware: string;
  readonly labels: Record<string, string>;
  readonly nature: Nature;
  readonly phones: ModelPhone[];
  readonly pollIntervalMs: number;
  readonly installMs: number;
  /** Reports the new version as it closes the update, else with its next poll. */
  readonly reportsAtOnce: boolean;
  /** Neither polls nor installs in these windows. */
  readonly offline: readonly (readonly [fromMs: number, untilMs: number])[];
  /** How often it loses power in the middle of an installation. */
  reboots: number;
  /** Of a time traveller: the time that its words carry, and whether it dies once it was updated. */
  readonly stampMs: number;
  readonly doomed: boolean;
  running: string;
  /** What it ran before. */
  before: string;
  /** The version of an image that it keeps, verified, and does not run. */
  ready: string | null;
  dead: boolean;
  nextPollAtMs: number;
  polls: number;
  reported: string;
  reportedAtMs: number;
  lastContactAtMs: number;
  /** When it was last heard of, as far as it is on the server's disk. */
  flushedContactAtMs: number;
  pairedApps: readonly ComponentVersion[];
}

/** What everything else about a device is before anything has happened to it. */
export function newDevice(
  device: Pick<ModelDevice, "id" | "component" | "hardware" | "pollIntervalMs" | "installMs" | "running"> &
    Partial<ModelDevice>,
  startMs: number,
): ModelDevice {
  const { running } = device;
  return {
    labels: {},
    nature: "honest",
    phones: [],
    reportsAtOnce: true,
    offline: [],
    reboots: 0,
    doomed: false,
    stampMs: 0,
    before: running,
    ready: null,
    dead: false,
    nextPollAtMs: startMs,
    polls: 0,
    reported: running,
    reportedAtMs: startMs,
    lastContactAtMs: startMs,
    flushedContactAtMs: startMs,
    pairedApps: [],
    ...device,
  };
}

/** What a device said last, with the times that the fleet knows it by. */
export function lastWord({ lastContactAtMs, nature, reported, reportedAtMs, stampMs }: ModelDevice): {
  reportedVersion: string;
  reportedAtMs: number;
  lastContactAtMs: number;
} {
  return nature === "time-traveller"
    ? { reportedVersion: reported, reportedAtMs: stampMs, lastContactAtMs: stampMs }
    : { reportedVersion: reported, reportedAtMs, lastContactAtMs };
}

/** What an honest device says is what it runs. */
export function report(device: ModelDevice, nowMs: number): void {
  const hasMoved = device.before !== device.running;
  const isOdd = device.polls % 2 === 1;
  const saysOld =
    hasMoved &&
    ((device.nature === "clone" && isOdd) || (device.nature === "replayer" && device.polls % 5 === 0));
  device.reported = saysOld ? device.before : device.running;
  device.reportedAtMs = nowMs;
}

const erratic: readonly Nature[] = [
  "falls-back",
  "early-success",
  "flapper",
  "clone",
  "replayer",
  "liar",
  // Nobody waits for who was last heard of in 1970.
  "time-traveller",
];

/** Whether a device runs what nobody gave it or says what is not so: whom it meets then is nobody's plan. */
export function isErratic({ nature }: ModelDevice): boolean {
  return erratic.includes(nature);
}

export function appsOf({ phones }: ModelDevice): ComponentVersion[] {
  return phones.map(({ component, version }) => ({ component, version }));
}

export function isOffline({ offline }: ModelDevice, nowMs: number): boolean {
  return offline.some(([from, until]) => nowMs >= from && nowMs < until);
}

/** Windows in which a device is away: none for most. */
export function offlineWindows(random: Random, startMs: number, spanMs: number): [number, number][] {
  if (random.next() < 0.6) return [];
  return Array.from({ length: randomInteger(random, 1, 2) }, () => {
    const from = startMs + random.next() * spanMs;
    return [from, from + random.next() * spanMs * 0.3];
  });
}
