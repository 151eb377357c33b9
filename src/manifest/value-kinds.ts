import { isRange, isVersion, nearestVersion } from "../compat/versions.ts";
import { parseDuration } from "../base/durations.ts";
import { parsePercent } from "../base/percentages.ts";
import { localTimeHint, localTimePattern, parseLocalTime } from "./local-time.ts";
import { parseTimeWindow, timeWindowHint, timeWindowPattern } from "./time-window.ts";

/**
 * One kind of value: what to call it in a sentence, and for text what is accepted. Schemas name
 * kinds in place of messages, so that a problem can speak of the text as it was written.
 */
interface ValueKind {
  /** Completes "`x` is not …". */
  readonly what: string;
  readonly accepts?: (text: string) => boolean;
  /** For editors; `accepts` decides. */
  readonly pattern?: string;
  readonly hint?: (text: string) => string | null;
  /** What to do where a mapping, a list or nothing stands in its place. */
  readonly shapeHint?: string;
  /** People put secrets here, so what stands here is never repeated. */
  readonly concealed?: true;
}

const durationPattern = String.raw`^(\d+(\.\d+)?(ms|s|m|h|d))+$`;
const percentPattern = String.raw`^\d{1,3}(\.\d+)?\s*%$`;
const percentWithin = (min: number, max: number) => (text: string) => {
  const percent = parsePercent(text, max);
  return percent !== null && percent >= min && percent <= max;
};
const oneDayMs = 24 * 60 * 60 * 1000;
const isWithin = (value: number | null, min: number, max: number): boolean =>
  value !== null && value >= min && value <= max;
/** What is below one may have been meant as a fraction. */
const percentHintUpTo =
  (max: number) =>
  (text: string): string | null => {
    if (!/^[\d.]+$/.test(text)) return null;
    const percent = Number((Number(text) * 100).toPrecision(12));
    return Number(text) < 1 && percent > 0 && percent <= max
      ? `Write ${text}%, or ${percent}%.`
      : `Write ${text}%.`;
  };
const durationHint = (text: string): string | null =>
  /^\d+$/.test(text) ? `Say the unit: ${text}s, ${text}m or ${text}h.` : null;
/** `constructor` would be found on every object that is looked into by name. */
const notInherited = (text: string): boolean => !(text in {});
const matching = (pattern: string) => (text: string) =>
  text.length <= 64 && new RegExp(pattern).test(text) && notInherited(text);

const namePattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";
const productPattern = "^[a-z0-9]+([._-][a-z0-9]+)*$";
const identifierPattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
const bucketPattern = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$";
const labelPattern = "^[A-Za-z0-9][A-Za-z0-9._/-]*=[^=\\s]+$";
const variablePattern = "^[A-Za-z_][A-Za-z0-9_]*$";

export const valueKinds = {
  version: {
    what: "a semantic version such as 4.2.0",
    accepts: isVersion,
    pattern: String.raw`^\d+\.\d+\.\d+([-+].+)?$`,
    hint: (text) => {
      const nearest = nearestVersion(text);
      return nearest === null ? null : `The nearest one is ${nearest}.`;
    },
  },
  range: { what: 'a range of semantic versions such as ">=1.9.0 <3.0.0"', accepts: isRange },
  percent: {
    what: "a percentage from 0% to 100%",
    accepts: percentWithin(0, 100),
    pattern: percentPattern,
    hint: percentHintUpTo(100),
  },
  limit: {
    what: "a percentage between 0.01% and 50%",
    accepts: percentWithin(0.01, 50),
    pattern: percentPattern,
    hint: percentHintUpTo(50),
  },
  retireShare: {
    what: "a percentage from 0% to 10%",
    accepts: percentWithin(0, 10),
    pattern: percentPattern,
    hint: percentHintUpTo(10),
  },
  increase: {
    what: "a percentage from 0% to 999%",
    accepts: percentWithin(0, 999),
    pattern: percentPattern,
    hint: percentHintUpTo(100),
  },
  // What falls by 100% is gone: nothing would ever be below that.
  decrease: {
    what: "a percentage from 0% to 99%",
    accepts: percentWithin(0, 99),
    pattern: percentPattern,
    hint: percentHintUpTo(100),
  },
  duration: {
    what: "a duration such as 90s, 1h30m or 30d",
    accepts: (text) => parseDuration(text) !== null,
    pattern: durationPattern,
    hint: durationHint,
  },
  positiveDuration: {
    what: "a duration above zero such as 90s, 1h30m or 30d",
    accepts: (text) => (parseDuration(text) ?? 0) > 0,
    pattern: durationPattern,
    hint: durationHint,
  },
  interval: {
    what: "a duration from 1s to 1d such as 30s or 1m",
    accepts: (text) => isWithin(parseDuration(text), 1000, oneDayMs),
    pattern: durationPattern,
    hint: durationHint,
  },
  query: {
    what: "a query of 1 to 4000 characters",
    accepts: (text) => text.trim() !== "" && text.length <= 4000 && !/[^\P{Cc}\n\t]/u.test(text),
    shapeHint: "Put the query in quotes: to YAML its braces and brackets are something else.",
  },
  window: {
    what: "a window such as Mon-Thu 09:00-16:00 Europe/Amsterdam",
    accepts: (text) => parseTimeWindow(text) !== null,
    pattern: timeWindowPattern,
    hint: timeWindowHint,
  },
  localTime: {
    what: "a day or a local time with its zone such as 2026-12-18 Europe/Amsterdam or 2026-12-18T18:00 Europe/Amsterdam",
    accepts: (text) => parseLocalTime(text) !== null,
    pattern: localTimePattern,
    hint: localTimeHint,
  },
  name: {
    what: "a name of lower-case letters, digits and single hyphens such as app-ios",
    accepts: matching(namePattern),
    pattern: namePattern,
  },
  product: {
    what: "a product name of lower-case letters, digits, dots, hyphens and underscores",
    accepts: matching(productPattern),
    pattern: productPattern,
  },
  hardware: {
    what: "a hardware model of letters, digits, dots, hyphens and underscores",
    accepts: matching(identifierPattern),
    pattern: identifierPattern,
  },
  appId: {
    what: "an app identifier such as com.example.fan",
    accepts: (text) => text.length <= 155 && new RegExp(identifierPattern).test(text),
    pattern: identifierPattern,
  },
  path: {
    what: "the path of a file",
    accepts: (text) => text.trim() !== "" && !/\p{Cc}/u.test(text),
  },
  command: { what: "a command", accepts: (text) => text.trim() !== "" && !text.includes("\0") },
  bucket: {
    what: "the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens",
    accepts: (text) => new RegExp(bucketPattern).test(text),
    pattern: bucketPattern,
  },
  prefix: {
    what: "a prefix such as iotctl/rollouts/, whose parts do not begin with a dot",
    accepts: (text) => text.length <= 256 && /^([\w@+-][\w.@+-]*\/)*[\w@+-][\w.@+-]*\/?$/.test(text),
  },
  region: {
    what: "a region such as eu-central-1",
    accepts: (text) => /^[a-z0-9-]{1,32}$/.test(text),
  },
  url: {
    what: "an http or https address without a user name or password",
    accepts: isPlainHttpUrl,
    pattern: "^https?://",
    concealed: true,
  },
  reason: {
    what: "a reason of 1 to 200 characters",
    accepts: (text) => text.trim() !== "" && text.length <= 200 && !/\p{Cc}/u.test(text),
  },
  truth: { what: "true or false" },
  field: { what: "the name of a field such as version", accepts: (text) => text.trim() !== "" },
  variable: {
    what: "the name of an environment variable such as IOTCTL_TOKEN",
    accepts: (text) => new RegExp(variablePattern).test(text) && !looksLikeToken(text),
    pattern: variablePattern,
    hint: (text) => (looksLikeToken(text) ? "Put the token into a variable, and name that here." : null),
    concealed: true,
  },
  label: {
    what: "a label such as ring=canary",
    accepts: (text) => text.length <= 128 && new RegExp(labelPattern).test(text),
    pattern: labelPattern,
  },
  deviceCount: { what: "a whole number of devices from 1 to 10000000" },
  approvals: { what: "a number of people from 0 to 20" },
  counter: { what: "a whole number from 0 to 4294967295" },
  approvers: { what: "a list of at most 100 approvers" },
  person: {
    what: "a name of 1 to 64 characters",
    accepts: (text) => text.trim() === text && text !== "" && text.length <= 64 && !/\p{C}/u.test(text),
  },
  identity: {
    what: "a mail address or the address of a workflow, without spaces",
    accepts: (text) => text.length <= 500 && /^[^\s\p{C}]+$/u.test(text) && /[@:]/.test(text),
  },
  alpha: { what: "a number between 0 and 0.5" },
  bound: {
    what: "a number in the unit of the query such as 0.5",
    hint: (text) =>
      text.endsWith("%")
        ? "Only `max-increase` and `max-decrease` are percentages."
        : "Write digits, without quotes and variables: 0.5",
  },
  readings: { what: "a whole number of readings from 1 to 100" },
  oneBound: {
    what: "a gate with exactly one of `max`, `min`, `max-increase`, `max-decrease`",
    shapeHint: "Write one of these: `max: 0.5`, `min: 0.5`, `max-increase: 20%`, `max-decrease: 20%`.",
  },
  share: { what: "a percentage such as 10% or a list of 1 to 100 of them", hint: percentHintUpTo(100) },
  devices: {
    what: "a percentage, a list of 1 to 100 percentages, or a mapping with a label",
    hint: percentHintUpTo(100),
  },
  // The bounds are far from any real release; they keep every later step cheap.
  windows: {
    what: "a window such as Mon-Thu 09:00-16:00 Europe/Amsterdam, or a list of 1 to 20 of them",
    hint: timeWindowHint,
  },
  rollouts: { what: "the path of a directory, or a mapping with one of `directory`, `server`, `s3`" },
  freezes: { what: "a list of at most 100 freezes, each with from, until and why" },
  stages: { what: "a list of 1 to 50 stages" },
  components: { what: "a mapping with 1 to 100 components" },
  requires: { what: "a mapping of at most 100 components to ranges" },
  bridges: { what: "a mapping of at most 100 firmware components to ranges" },
  variants: { what: "a mapping of 1 to 100 hardware models to the paths of their images" },
  known: { what: "a mapping of at most 100 components to their versions" },
  knownVersions: { what: "a mapping with at most 200 versions" },
  gates: { what: "a mapping with at most 50 gates" },
  gateNames: { what: "a list of at most 50 names of gates" },
  environments: { what: "a mapping with at most 100 environments" },
  paths: { what: "a list of at most 100 paths" },
} as const satisfies Record<string, ValueKind>;
export type ValueKindName = keyof typeof valueKinds;
export type TextKindName = {
  [Name in ValueKindName]: (typeof valueKinds)[Name] extends { accepts: unknown } ? Name : never;
}[ValueKindName];

/** The kind that a schema named, or null when the text is not the name of one. */
export function valueKind(name: string): ValueKind | null {
  return Object.hasOwn(valueKinds, name) ? valueKinds[name as ValueKindName] : null;
}

/** Tokens such as `ghp_...` could be names; people write words that are shorter, or have no digits. */
function looksLikeToken(text: string): boolean {
  return text.split("_").some((part) => part.length >= 16 && /\d/.test(part) && /[a-z]/.test(part));
}

function isPlainHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
