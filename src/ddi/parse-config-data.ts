import { isRecord, type Parsed } from "./parsed.ts";
import type { DdiConfigData } from "./wire.ts";

const modes = ["merge", "replace", "remove"] as const;
const keyLengthMax = 128;
const valueLengthMax = 4096;
/** hawkBit's default quota. */
export const attributesMax = 100;

/** Reads the body of PUT configData; members nobody knows are ignored, numbers and booleans become text. */
export function parseConfigData(body: unknown): Parsed<DdiConfigData> {
  if (!isRecord(body) || !isRecord(body["data"])) return { problem: "data must be an object" };
  const mode = body["mode"] ?? "merge";
  const known = modes.find((candidate) => candidate === mode);
  if (!known) return { problem: `mode must be one of ${modes.join(", ")}` };
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(body["data"])) {
    if (key.length === 0 || key.length > keyLengthMax) {
      return { problem: `attribute names must have 1 to ${keyLengthMax} characters` };
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      return { problem: `attribute ${key} must be a string` };
    }
    const text = String(value);
    if (text.length > valueLengthMax)
      return { problem: `attribute ${key} is longer than ${valueLengthMax} characters` };
    entries.push([key, text]);
  }
  if (entries.length === 0) return { problem: "data must hold at least one attribute" };
  if (entries.length > attributesMax) return { problem: `a device has at most ${attributesMax} attributes` };
  return { value: { mode: known, data: Object.fromEntries(entries) } };
}

/** The attributes after a report; null when they would be more than `attributesMax`. */
export function applyConfigData(
  attributes: Readonly<Record<string, string>>,
  report: DdiConfigData,
): Readonly<Record<string, string>> | null {
  const next = new Map(report.mode === "replace" ? [] : Object.entries(attributes));
  for (const [key, value] of Object.entries(report.data)) {
    if (report.mode === "remove") next.delete(key);
    else next.set(key, value);
  }
  return next.size > attributesMax ? null : Object.fromEntries(next);
}
