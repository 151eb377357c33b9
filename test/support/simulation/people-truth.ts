import type { Consent, RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { hasEnded, type RolloutState } from "../../../src/rollout/engine/state.ts";
import { broken } from "./invariant-broken.ts";
import type { RecordedDevices } from "./recorded-devices.ts";
import type { RolloutMap } from "./rollout-map.ts";

/** What the people at the keyboard have asked for and were given. */
export class PeopleTruth {
  paused = false;
  aborted = false;
  /** All users had been offered the apps as it was aborted, and go on being offered them. */
  leavesApps = false;
  /** Nothing had been done when the abort came. */
  untouched = false;
  readonly #words = new Map<string, Map<string, "approved" | "denied">>();
  /** By the number of the wave, counted over all phases. */
  readonly #skipped = new Set<number>();
  readonly #retries = new Map<string, number>();
  readonly #map: RolloutMap;
  readonly #devices: RecordedDevices;

  constructor(map: RolloutMap, devices: RecordedDevices) {
    this.#map = map;
    this.#devices = devices;
  }

  /** What somebody said and was not refused, between the states before and after it. */
  note(event: RolloutEvent, before: RolloutState, after: RolloutState, deedsBefore: number): void {
    const goesOn = ["running", "awaiting-approval", "paused"].includes(before.status);
    switch (event.type) {
      case "paused":
        if (before.status !== "paused" && goesOn) this.#expect(event, after, "paused");
        this.paused ||= goesOn;
        break;
      case "resumed":
        this.paused = false;
        break;
      case "aborted":
        if (!goesOn && before.status !== "completed" && before.status !== "rolling-back") {
          if (after.status !== before.status)
            broken(`aborted in ${before.status}, and it became ${after.status}`);
          break;
        }
        this.#expect(event, after, "aborted");
        this.aborted = true;
        this.leavesApps = before.status === "completed";
        this.paused = false;
        this.untouched = deedsBefore === 0 && before.pending.length === 0;
        break;
      case "rollback-requested":
        if (before.status !== "rolled-back") this.#expect(event, after, "rolling-back");
        this.paused = false;
        this.aborted = false;
        break;
      case "approved":
      case "denied":
        if (hasEnded(before.status) || event.planDigest !== before.config.planDigest) break;
        if (before.config.stages.some(({ name }) => name === event.stage)) {
          const words = this.#words.get(event.stage) ?? new Map<string, "approved" | "denied">();
          this.#words.set(event.stage, words.set(event.by, event.type));
        }
        break;
      case "bake-skipped":
        this.#noteSkip(event, before);
        break;
      case "retried":
        if (goesOn) this.#noteRetry(event.deviceIds);
        break;
      case "started":
      case "observed":
      case "effect-done":
      case "effect-failed":
      case "freezes-changed":
        broken(`nobody may say ${event.type}`);
    }
  }

  /** How many distinct people stand by a stage; null while somebody stands against it. */
  approvals(stage: string): number | null {
    const words = [...(this.#words.get(stage)?.values() ?? [])];
    return words.includes("denied") ? null : words.length;
  }

  /** Whether somebody has cut the bake time of a wave short. */
  hasSkipped(wave: number): boolean {
    return this.#skipped.has(wave);
  }

  /** How often it was asked that a device be tried again. */
  retriesOf(deviceId: string): number {
    return this.#retries.get(deviceId) ?? 0;
  }

  #noteSkip(event: Consent, before: RolloutState): void {
    const entered = this.#map.entered(before);
    const wave = this.#map.waves[entered - 1];
    if (hasEnded(before.status) || event.planDigest !== before.config.planDigest) return;
    if (before.waveEntered && wave?.name === event.wave && wave?.stage.name === event.stage)
      this.#skipped.add(entered - 1);
  }

  #noteRetry(deviceIds: readonly string[] | undefined): void {
    for (const id of deviceIds ?? this.#devices.forward.keys()) {
      const last = this.#devices.last(id);
      // Asked for twice before it was tried is asked for once.
      if (last?.status === "failed") this.#retries.set(id, (last.step.retry ?? 0) + 1);
    }
  }

  #expect({ type }: RolloutEvent, after: RolloutState, status: RolloutState["status"]): void {
    if (after.status !== status) broken(`somebody said ${type}, and it is ${after.status}`);
  }
}
