import type { Admission } from "../../compat/device-gate.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { Wave } from "../../manifest/release.ts";
import { bucketOf, inCohort } from "./cohort.ts";

export interface Cohort {
  readonly chosen: readonly Device[];
  /** Whose turn it was and whose gate was closed, by device. */
  readonly refused: ReadonlyMap<string, Admission>;
}

/**
 * Who of the candidates the waves so far open to, in sticky order. A wave that is bounded (`max`)
 * never holds more devices of one step than that, `taken` of them before; a device that its gate makes
 * wait takes up no place, and one that sits in a broken pair is asked before the others. `promptly`
 * opens to all those at once, whatever the wave.
 */
export function cohortOf(
  candidates: readonly Device[],
  waves: readonly Wave[],
  taken: number,
  salt: string,
  ask: (device: Device) => Admission,
  promptly = false,
): Cohort {
  const chosen = new Map<string, Device>();
  const refused = new Map<string, Admission>();
  const answers = new Map<string, Admission>();
  const answerOf = (device: Device): Admission => {
    const answer = answers.get(device.id) ?? ask(device);
    answers.set(device.id, answer);
    return answer;
  };
  const offer = (device: Device): boolean => {
    const answer = answerOf(device);
    if (answer.admitted) chosen.set(device.id, device);
    else refused.set(device.id, answer);
    return answer.admitted;
  };
  const sorted = candidates.toSorted(
    (a, b) => bucketOf(a.id, salt) - bucketOf(b.id, salt) || (a.id < b.id ? -1 : 1),
  );
  const brokenFirst = (devices: readonly Device[]): Device[] =>
    devices.toSorted((a, b) => Number(answerOf(b).repairs) - Number(answerOf(a).repairs));

  if (promptly) for (const device of sorted) if (answerOf(device).repairs) offer(device);
  for (const { devices: selection } of waves) {
    if (selection.kind === "percent") {
      for (const device of sorted) if (inCohort(device.id, salt, selection.percent)) offer(device);
      continue;
    }
    let places = (selection.max ?? Infinity) - taken - chosen.size;
    const members = sorted.filter(({ labels }) => labels[selection.label] === selection.value);
    for (const device of brokenFirst(members)) {
      if (places <= 0) break;
      if (!chosen.has(device.id) && offer(device)) places--;
    }
  }
  return { chosen: [...chosen.values()], refused };
}
