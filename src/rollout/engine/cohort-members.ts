import type { Device } from "../../fleet/fleet-backend.ts";
import type { Wave } from "../../manifest/release.ts";
import { bucketOf, inCohort } from "./cohort.ts";

/**
 * Who of the candidates the waves so far open to, in sticky order. A wave that is bounded (`max`)
 * never holds more devices of one firmware than that, `taken` of them before; a device that its gate
 * makes wait takes up no place.
 */
export function cohortOf(
  candidates: readonly Device[],
  waves: readonly Wave[],
  taken: number,
  salt: string,
  admits: (device: Device) => boolean,
): Device[] {
  const chosen = new Map<string, Device>();
  const asked = new Map<string, boolean>();
  const admitted = (device: Device): boolean => {
    const answer = asked.get(device.id) ?? admits(device);
    asked.set(device.id, answer);
    return answer;
  };
  const sorted = candidates.toSorted(
    (a, b) => bucketOf(a.id, salt) - bucketOf(b.id, salt) || (a.id < b.id ? -1 : 1),
  );
  for (const { devices: selection } of waves) {
    if (selection.kind === "percent") {
      for (const device of sorted) {
        if (inCohort(device.id, salt, selection.percent) && admitted(device)) chosen.set(device.id, device);
      }
      continue;
    }
    const max = selection.max ?? Infinity;
    let places = max - taken - chosen.size;
    for (const device of sorted) {
      if (places <= 0) break;
      if (device.labels[selection.label] !== selection.value || chosen.has(device.id)) continue;
      if (!admitted(device)) continue;
      chosen.set(device.id, device);
      places--;
    }
  }
  return [...chosen.values()];
}
