import { readBoundedFile } from "../../base/bounded-file.ts";
import { parseDuration } from "../../base/durations.ts";
import { IotctlError, messageOf } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { parsePercent } from "../../base/percentages.ts";
import { defaultModel, type SimulationModel } from "./simulation-model.ts";

const bytesMax = 64 * 1024;
/** Instants are seconds in 32 bits: twenty times the mean, as chance may have it, comes after ten simulated years. */
const durationMaxS = 365 * 86_400;

/** Names in a model file: `users.automatic` is `users.automaticPercent` of the model. */
const fileNames: ReadonlyMap<string, readonly [group: string, key: string]> = new Map(
  Object.entries(defaultModel).flatMap(([group, values]): [string, readonly [string, string]][] =>
    typeof values === "number"
      ? [[withoutUnit(group), [group, ""]]]
      : Object.keys(values).map((key) => [`${group}.${withoutUnit(key)}`, [group, key]]),
  ),
);

/**
 * Reads a model file over the defaults: `{"users": {"never": "3%"}, "devices": {"awayMedian": "6d"}}`.
 * Throws IOT_SIMULATION_MODEL_INVALID with everything that is wrong with it, or IOT_FILE_UNREADABLE.
 */
export function readModel(path: string): SimulationModel {
  const text = readBoundedFile(path, bytesMax, "the model file").toString();
  const problems: string[] = [];
  const model = structuredClone(defaultModel) as unknown as Record<string, Record<string, number> | number>;
  for (const [name, value] of flatten(parse(text, problems), problems)) {
    const place = fileNames.get(name);
    if (!place) {
      const nearest = nearestName(name, [...fileNames.keys()]);
      problems.push(
        `${name} is not a part of the model${nearest === null ? "" : `; did you mean ${nearest}?`}`,
      );
      continue;
    }
    const [group, key] = place;
    const number = numberOf(key === "" ? group : key, value);
    if (typeof number === "string") problems.push(`${name} is ${JSON.stringify(value)}, not ${number}`);
    else if (key === "") model[group] = number;
    else (model[group] as Record<string, number>)[key] = number;
  }
  const read = model as unknown as SimulationModel;
  if (problems.length === 0) problems.push(...disagreements(read));
  if (problems.length === 0) return read;
  throw new IotctlError(
    "IOT_SIMULATION_MODEL_INVALID",
    `${path} is not a model of users and devices:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    {
      hints: ['Write it like this: {"users": {"never": "3%"}, "devices": {"awayMedian": "6d"}}'],
      details: { path, problems },
    },
  );
}

function parse(text: string, problems: string[]): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.push(`it is not JSON: ${messageOf(error)}`);
    return {};
  }
}

/** Name and value of everything that is not a group. */
function flatten(value: unknown, problems: string[]): [string, unknown][] {
  if (!isMapping(value)) {
    problems.push("it is not a mapping");
    return [];
  }
  return Object.entries(value).flatMap(([name, each]) =>
    isMapping(each)
      ? Object.entries(each).map(([key, inner]): [string, unknown] => [`${name}.${key}`, inner])
      : [[name, each] as [string, unknown]],
  );
}

/** Percent or whole seconds; what was expected, in words, when the value is neither. */
function numberOf(key: string, value: unknown): number | string {
  const text = typeof value === "string" ? value : "";
  if (key.endsWith("Percent")) return parsePercent(text) ?? 'a share such as "8%"';
  const ms = parseDuration(text);
  return ms === null || ms < 1000 || ms > durationMaxS * 1000
    ? 'a duration from a second to a year such as "6d" or "1h30m"'
    : Math.round(ms / 1000);
}

function disagreements({ devices, users }: SimulationModel): string[] {
  const problems: string[] = [];
  if (users.automaticPercent + users.neverPercent > 100)
    problems.push("users.automatic and users.never are more than all");
  if (devices.awayPercent + devices.lostPercent > 100)
    problems.push("devices.away and devices.lost are more than all");
  if (devices.failurePercent + devices.silentPercent > 100)
    problems.push("devices.failure and devices.silent are more than all");
  if (users.handNinthS <= users.handMedianS)
    problems.push("users.handNinth is not longer than users.handMedian");
  if (devices.awayNinthS <= devices.awayMedianS)
    problems.push("devices.awayNinth is not longer than devices.awayMedian");
  return problems;
}

function withoutUnit(key: string): string {
  return key.replace(/Percent$|S$/, "");
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
