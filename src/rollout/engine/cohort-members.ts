import type { Admission } from "../../compat/device-gate.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { Wave } from "../../manifest/release.ts";
import { bucketOf, inShare } from "./cohort.ts";

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
  // Of a large fleet a wave opens to few: the others are left out before anything is put in order.
  const places = candidates
    .map((device) => ({ device, bucket: bucketOf(device.id, salt) }))
    .filter((each) => promptly || waves.some((wave) => isSelected(each, wave)))
    .toSorted((a, b) => a.bucket - b.bucket || (a.device.id < b.device.id ? -1 : 1));
  const sorted = places.map(({ device }) => device);
  const brokenFirst = (devices: readonly Device[]): Device[] =>
    devices.toSorted((a, b) => Number(answerOf(b).repairs) - Number(answerOf(a).repairs));

  if (promptly) for (const device of sorted) if (answerOf(device).repairs) offer(device);
  for (const { devices: selection } of waves) {
    if (selection.kind === "percent") {
      for (const { bucket, device } of places) if (inShare(bucket, selection.percent)) offer(device);
      continue;
    }
    let free = (selection.max ?? Infinity) - taken - chosen.size;
    const members = sorted.filter(({ labels }) => labels[selection.label] === selection.value);
    for (const device of brokenFirst(members)) {
      if (free <= 0) break;
      if (!chosen.has(device.id) && offer(device)) free--;
    }
  }
  return { chosen: [...chosen.values()], refused };
}

function isSelected(
  { bucket, device }: { readonly bucket: number; readonly device: Device },
  { devices: selection }: Wave,
): boolean {
  return selection.kind === "percent"
    ? inShare(bucket, selection.percent)
    : device.labels[selection.label] === selection.value;
}
