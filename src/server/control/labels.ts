import { isRecord } from "../../ddi/parsed.ts";
import { Refusal } from "../refusal.ts";
import type { TextMap } from "../stores/devices.ts";
import type { LabelChanges } from "./control-api.ts";

const labelsMax = 64;

/** Reads labels to set, null removing one. Throws a Refusal (400). */
export function readLabelChanges(value: unknown): LabelChanges {
  const changes = isRecord(value) ? Object.entries(value) : null;
  const isFine = changes?.every(
    ([name, text]) =>
      /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(name) &&
      (text === null || (typeof text === "string" && text.length > 0 && text.length <= 256)),
  );
  if (!changes || !isFine) {
    throw new Refusal(
      400,
      "malformed-labels",
      "labels must map names (letters, digits, . _ / -, at most 63) to texts of 1 to 256 characters, or to null.",
    );
  }
  return Object.fromEntries(changes) as LabelChanges;
}

/** Labels after the changes. Throws a Refusal (400) when they are too many. */
export function changeLabels(labels: TextMap, changes: LabelChanges): TextMap {
  const next = Object.entries({ ...labels, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  if (next.length > labelsMax) {
    throw new Refusal(400, "too-many-labels", `A device has at most ${labelsMax} labels.`);
  }
  return Object.fromEntries(next);
}
