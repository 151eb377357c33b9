import { hashText } from "./cohort.ts";
import { type FirmwareStep, stepOf } from "./firmware-step.ts";

/** What the loop has to do in the world. The key makes each safe to repeat. */
export type Effect =
  | {
      readonly kind: "deploy-service";
      readonly key: string;
      readonly component: string;
      readonly version: string;
    }
  | {
      readonly kind: "publish-app";
      readonly key: string;
      readonly component: string;
      readonly version: string;
    }
  | {
      readonly kind: "expose-app";
      readonly key: string;
      readonly component: string;
      readonly version: string;
      readonly percent: number;
    }
  | { readonly kind: "halt-app"; readonly key: string; readonly component: string; readonly version: string }
  /** Ask the planner which versions devices may go back to. */
  | { readonly kind: "plan-way-back"; readonly key: string }
  | AssignEffect
  | {
      readonly kind: "cancel";
      readonly key: string;
      readonly assignmentId: string;
      /** Absent: every device of the assignment. */
      readonly deviceIds?: readonly string[];
    };

export interface AssignEffect {
  readonly kind: "assign";
  readonly key: string;
  readonly assignmentId: string;
  readonly component: string;
  readonly version: string;
  readonly rollback: boolean;
  /** Only to keep the version ready. */
  readonly staged?: true;
  /** It is offered once more after its retirement. */
  readonly again?: number;
  /** It is offered once more to who had failed it. */
  readonly retry?: number;
  readonly deviceIds: readonly string[];
}

/** A device is part of one pending assignment at most, so the first of them makes the key unique. */
export function assignEffect(
  rolloutId: string,
  of: FirmwareStep,
  rollback: boolean,
  deviceIds: readonly string[],
): AssignEffect {
  const step = stepOf(of);
  const assignmentId = assignmentIdOf(rolloutId, step, rollback);
  const key = `assign:${assignmentId}:${deviceIds[0]}`;
  return { kind: "assign", key, assignmentId, ...step, rollback, deviceIds };
}

/** Takes back what has not begun of an assignment: on all its devices, or on those that are named. */
export function cancelEffect(assignmentId: string, deviceIds?: readonly string[]): Effect {
  if (!deviceIds) return { kind: "cancel", key: `cancel:${assignmentId}`, assignmentId };
  return { kind: "cancel", key: `cancel:${assignmentId}:${deviceIds[0]}`, assignmentId, deviceIds };
}

/** What a fleet backend takes. */
const idLengthMax = 128;

/**
 * The assignment that carries one firmware step of a rollout, forwards or back. The plus of build
 * metadata is not among the characters of an assignment id, an underscore is in no version.
 */
export function assignmentIdOf(
  rolloutId: string,
  { again, component, retry, staged, version }: FirmwareStep,
  rollback: boolean,
): string {
  const late = again === undefined ? "" : `:again-${again}`;
  const times = retry === undefined ? "" : `:retry-${retry}`;
  const way = `${rollback ? ":back" : staged ? ":stage" : late}${times}`;
  const id = `${rolloutId}:${component}@${version}${way}`.replaceAll("+", "_");
  if (id.length <= idLengthMax) return id;
  const mark = hashText(id).toString(16).padStart(8, "0");
  return `${id.slice(0, idLengthMax - mark.length - 1)}.${mark}`;
}
