import { assignmentIdOf } from "../../../src/rollout/engine/effects.ts";
import type { Observed } from "../../../src/rollout/engine/events.ts";
import { type FirmwareStep, isSameStep, stepOf } from "../../../src/rollout/engine/firmware-step.ts";
import { takenBack } from "../../../src/rollout/engine/track-device.ts";
import type { DeviceProgress } from "../../../src/rollout/engine/state.ts";
import type { JournalRecord } from "../../../src/rollout/journal/journal.ts";

/** One time that a device was given something, as the records have it. */
export interface Attempt {
  readonly step: FirmwareStep;
  readonly assignmentId: string;
  confirmed: boolean;
  status: DeviceProgress["status"];
  beganAtMs: number | null;
  heard: boolean;
  silent: boolean;
  reason: string;
}

/**
 * What the records of a journal say of devices, counted anew: who was given what, how it went, who
 * waits. Knows nothing of how the rollout keeps its own books.
 */
export class RecordedDevices {
  /** What each device was given on the way forward, oldest first. */
  readonly forward = new Map<string, Attempt[]>();
  readonly back = new Map<string, Attempt>();
  readonly waiting = new Set<string>();
  population: Observed["population"] = null;
  /** Assignments that were decided and not confirmed, by the key of their effect. */
  readonly #open = new Map<
    string,
    { readonly assignmentId: string; readonly isBack: boolean; ids: string[] }
  >();
  readonly #rolloutId: string;

  constructor(rolloutId: string) {
    this.#rolloutId = rolloutId;
  }

  last(deviceId: string): Attempt | undefined {
    return this.forward.get(deviceId)?.at(-1);
  }

  /** What a look showed of those who had something already. Returns who changed, with what was there before. */
  see(event: Observed): Map<string, Attempt> {
    this.population = event.population ?? this.population;
    if (event.waiting) {
      this.waiting.clear();
      for (const id of Object.keys(event.waiting)) this.waiting.add(id);
    }
    for (const [id, reason] of Object.entries(event.waits ?? {})) {
      if (reason === null) this.waiting.delete(id);
      else this.waiting.add(id);
    }
    for (const id of event.lapsed) {
      const back = this.back.get(id);
      if (back && !back.confirmed) this.back.delete(id);
      else this.forward.get(id)?.pop();
    }
    if (event.lapsed.length > 0) this.#forget(new Set(event.lapsed));
    const before = new Map<string, Attempt>();
    for (const [id, progress] of Object.entries(event.progress)) {
      const attempt = this.last(id);
      if (!attempt) throw new Error(`${id} makes progress with nothing`);
      before.set(id, { ...attempt });
      take(attempt, progress);
    }
    for (const [id, progress] of Object.entries(event.returning)) {
      const attempt = this.back.get(id);
      if (attempt) take(attempt, progress);
    }
    for (const id of event.kept) {
      const attempt = this.back.get(id);
      if (attempt) attempt.status = "failed";
    }
    return before;
  }

  /** Who was given something because of a look. */
  give(event: Observed, effects: readonly string[]): void {
    const forward = event.admissible.map((each) => ({
      id: each.deviceId,
      step: stepOf(each),
      isBack: false,
    }));
    const back = event.returnable.map(({ component, deviceId, to }) => {
      const sent = this.back.get(deviceId);
      const retry = sent && isStopped(sent) ? (sent.step.retry ?? 0) + 1 : undefined;
      return {
        id: deviceId,
        step: stepOf({ component, version: to, ...(retry && { retry }) }),
        isBack: true,
      };
    });
    for (const key of effects) {
      if (!key.startsWith("assign:")) continue;
      const those = [...forward, ...back].flatMap((each) => {
        const assignmentId = assignmentIdOf(this.#rolloutId, each.step, each.isBack);
        return key.startsWith(`assign:${assignmentId}:`) ? [{ ...each, assignmentId }] : [];
      });
      const first = those.findIndex(({ assignmentId, id }) => key === `assign:${assignmentId}:${id}`);
      for (const { assignmentId, id, isBack, step } of those.slice(first)) {
        if (!this.#put(id, step, assignmentId, isBack)) continue;
        const open = this.#open.get(key) ?? { assignmentId, isBack, ids: [] };
        open.ids.push(id);
        this.#open.set(key, open);
      }
    }
  }

  #put(id: string, step: FirmwareStep, assignmentId: string, isBack: boolean): boolean {
    const attempt = newAttempt(step, assignmentId);
    if (isBack) {
      const sent = this.back.get(id);
      if (sent && !isStopped(sent)) return false;
      this.back.set(id, attempt);
      return true;
    }
    const attempts = this.forward.get(id) ?? [];
    this.forward.set(id, attempts);
    const last = attempts.at(-1);
    if (last && isSameStep(last.step, step)) return false;
    attempts.push(attempt);
    return true;
  }

  /** What came of an assignment. */
  hear({ event }: JournalRecord): void {
    if (event.type === "rollback-requested") this.#sendAnew();
    if (event.type !== "effect-done" && event.type !== "effect-failed") return;
    const open = this.#open.get(event.key);
    if (!open) return;
    this.#open.delete(event.key);
    for (const id of open.ids) {
      const attempt = open.isBack ? this.back.get(id) : this.last(id);
      if (!attempt) continue;
      attempt.confirmed = event.type === "effect-done";
      if (event.type === "effect-failed" && open.isBack) attempt.status = "failed";
    }
    for (const { deviceId } of event.type === "effect-done" ? (event.refused ?? []) : []) {
      if (open.isBack) this.back.delete(deviceId);
      else {
        this.forward.get(deviceId)?.pop();
        this.waiting.add(deviceId);
      }
    }
  }

  /** Whose way back was taken back before it began is sent on it anew. */
  #sendAnew(): void {
    for (const attempt of this.back.values()) {
      if (attempt.status === "assigned") Object.assign(attempt, { status: "failed", reason: takenBack });
    }
  }

  /** What has lapsed is no part of its assignment any more, which goes by the first of those who are left. */
  #forget(lapsed: ReadonlySet<string>): void {
    for (const [key, open] of this.#open) {
      const ids = open.ids.filter((id) => !lapsed.has(id));
      if (ids.length === open.ids.length) continue;
      this.#open.delete(key);
      if (ids.length > 0) this.#open.set(`assign:${open.assignmentId}:${ids[0]}`, { ...open, ids });
    }
  }
}

function isStopped({ reason, status }: Attempt): boolean {
  return status === "failed" && reason === takenBack;
}

function newAttempt(step: FirmwareStep, assignmentId: string): Attempt {
  return {
    step,
    assignmentId,
    confirmed: false,
    status: "assigned",
    beganAtMs: null,
    heard: false,
    silent: false,
    reason: "",
  };
}

function take(attempt: Attempt, { beganAtMs, heard, reason, silent, status }: DeviceProgress): void {
  Object.assign(attempt, { beganAtMs, heard, reason, silent, status });
}
