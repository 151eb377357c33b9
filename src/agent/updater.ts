import type { Clock } from "../base/clock.ts";
import type { DdiClient } from "./ddi-client.ts";
import type { DeviceAttributes } from "./device-attributes.ts";
import type { DeviceJournal, InstalledImage, UpdateTarget } from "./device-journal.ts";
import { downloadAttempts, ImageIntake } from "./image-intake.ts";
import type { PayloadRunner } from "./payload-runner.ts";
import type { ProgressReport } from "./progress-report.ts";
import type { SlotStorage } from "./slot-storage.ts";
import { type UpdateState, updateStates } from "./update-states.ts";
import { watchTrial } from "./watch-trial.ts";

export interface UpdaterPorts {
  readonly ddi: DdiClient;
  readonly slots: SlotStorage;
  readonly payload: PayloadRunner;
  readonly clock: Clock;
  /** Milliseconds that no step of the wall clock touches; absent: `clock.now`, for a clock that is never set. */
  readonly monotonicNow?: () => number;
  readonly log: (message: string) => void;
}

/** What the server offers right now; states before the switch go on only while it does. */
export interface Delivery {
  readonly href: string;
  /** Why the image may not be installed now; null when it may. Asked again right before the switch. */
  readonly obstacle: () => string | null;
}

export interface UpdaterLimits {
  /** How long a new image has to become healthy. */
  readonly trialMs: number;
  /** How long it must then stay healthy, without a break, before it is committed. */
  readonly steadyMs: number;
  /** How long one turn downloads before the device polls again. */
  readonly downloadSliceMs: number;
}

/** Starts of a new image that a power cut may interrupt before it counts as bad. */
const tries = 3;
const restarts = 16;
/** More moves than any update makes; a turn that makes more has a bug. */
const maxMoves = 200;

/** Carries out one update along the table of states. Whether to update is decided before it is asked. */
export class Updater {
  readonly #ports: UpdaterPorts;
  readonly #journal: DeviceJournal;
  readonly #attributes: DeviceAttributes;
  readonly #progress: ProgressReport;
  readonly #hardware: string;
  readonly #limits: UpdaterLimits;
  readonly #intake: ImageIntake;
  #restartCounted = false;
  /** Since when the installed image runs without answering; null while it answers. */
  #silentSinceMs: number | null = null;
  #startedInVain = false;
  readonly #steps: Record<UpdateState, (delivery: Delivery | null) => boolean | Promise<boolean>>;

  constructor(
    ports: UpdaterPorts,
    device: {
      readonly journal: DeviceJournal;
      readonly attributes: DeviceAttributes;
      readonly progress: ProgressReport;
      readonly hardware: string;
      readonly limits: UpdaterLimits;
    },
  ) {
    this.#ports = ports;
    this.#journal = device.journal;
    this.#attributes = device.attributes;
    this.#progress = device.progress;
    this.#hardware = device.hardware;
    this.#limits = device.limits;
    this.#intake = new ImageIntake({
      ...ports,
      ...device,
      monotonicNow: () => this.#now(),
      downloadSliceMs: device.limits.downloadSliceMs,
    });
    this.#steps = {
      idle: () => false,
      accepted: (delivery) => delivery !== null && this.#intake.prepare(),
      downloading: (delivery) => delivery !== null && this.#intake.download(delivery.href),
      staged: (delivery) => delivery !== null && this.#release(delivery),
      switching: () => this.#switch(),
      trial: () => this.#try(),
      committed: () => this.#settle(),
      reverting: () => this.#revert(),
      reverted: () => this.#clean(),
      reporting: () => this.#report(),
    };
  }

  accept(target: UpdateTarget): void {
    this.#journal.accept(target, {
      triesLeft: tries,
      restartsLeft: restarts,
      downloadsLeft: downloadAttempts,
    });
  }

  /** Counts this start of the agent, once, and ends an update that was started too often. */
  countRestart(): void {
    const { state } = this.#journal.state;
    const counts = !this.#restartCounted && updateStates[state].countsRestarts;
    const left = counts ? this.#journal.update.restartsLeft - 1 : 0;
    if (counts) this.#journal.count({ restartsLeft: left });
    this.#restartCounted = true;
    if (left >= 0) return;
    const reason = `the agent was started more than ${restarts} times in the middle of the update`;
    if (state === "switching") this.#journal.revert(reason);
    else this.#intake.giveUp(reason);
  }

  /** Makes every move that can be made now. Without a delivery, only what needs no server or ends an update. */
  async advance(delivery: Delivery | null): Promise<void> {
    this.#intake.startTurn();
    for (let moves = 0; moves < maxMoves; moves++) {
      if (!(await this.#steps[this.#journal.state.state](delivery))) return;
    }
    throw new Error(`an update made more than ${maxMoves} moves in one turn`);
  }

  /** Whether the last `advance` left a download that gets on, and so need not wait for the next poll. */
  get downloads(): boolean {
    return this.#intake.getsOn;
  }

  /** Starts the installed image when it does not run, and again when it ran for `trialMs` without answering. */
  async keepInstalled(installed: InstalledImage): Promise<void> {
    const { kind } = await this.#ports.payload.health();
    if (kind === "healthy") {
      this.#silentSinceMs = null;
      this.#startedInVain = false;
      return;
    }
    if (kind === "unwell") {
      this.#silentSinceMs ??= this.#now();
      if (this.#now() - this.#silentSinceMs < this.#limits.trialMs) return;
    }
    await this.#startInstalled(installed);
  }

  /**
   * Whether the outcome of an image that was installed is known to be bad: another version answers, or
   * none, even after a start. `running` is the version that answers, null for none.
   */
  fails(version: string, running: string | null): boolean {
    return running === null ? this.#startedInVain : running !== version;
  }

  /** Starts the installed image and gives it time to answer; one that does not is no reason to stop. */
  async #startInstalled(installed: InstalledImage): Promise<void> {
    await this.#ports.payload.start(installed);
    const complaint = await this.#watch(installed.version, 0);
    this.#startedInVain = complaint !== null;
    this.#silentSinceMs = complaint === null ? null : this.#now();
    if (complaint !== null)
      this.#ports.log(`${installed.version} is installed but not healthy: ${complaint}`);
  }

  #watch(version: string, steadyMs: number): Promise<string | null> {
    const { payload, clock } = this.#ports;
    const { trialMs } = this.#limits;
    const monotonicNow = () => this.#now();
    return watchTrial({ payload, clock, version, hardware: this.#hardware, trialMs, steadyMs, monotonicNow });
  }

  #now(): number {
    return this.#ports.monotonicNow?.() ?? this.#ports.clock.now();
  }

  /** The last look before the switch: the bytes themselves, then whoever talks to the device by now. */
  async #release(delivery: Delivery): Promise<boolean> {
    if (!this.#intake.proves()) return true;
    const { actionId, purpose, version } = this.#journal.update;
    if (purpose === "stage") {
      this.#journal.keepStaged();
      this.#ports.log(`${version} is staged`);
      await this.#progress.tellStaged({ actionId, version });
      return false;
    }
    const obstacle = delivery.obstacle();
    if (obstacle !== null) {
      await this.#progress.tell(actionId, "scheduled", obstacle);
      return false;
    }
    this.#journal.move("switching");
    await this.#progress.tellState(actionId, "switching");
    return true;
  }

  #switch(): boolean {
    this.#ports.slots.switchTo(this.#journal.update.slot);
    this.#journal.move("trial");
    return true;
  }

  async #try(): Promise<boolean> {
    const { payload } = this.#ports;
    const { slot, digest, version, triesLeft } = this.#journal.update;
    if (triesLeft === 0) {
      this.#journal.revert(`${version} did not get through its trial in ${tries} starts`);
      return true;
    }
    // Counted before the start: an image that takes the whole device down must not be tried for ever.
    this.#journal.move("trial", { triesLeft: triesLeft - 1 });
    await payload.start({ slot, digest, version });
    this.#startedInVain = false;
    this.#silentSinceMs = null;
    const failure = await this.#watch(version, this.#limits.steadyMs);
    if (failure === null) this.#journal.commit();
    else this.#journal.revert(`${version} is not healthy: ${failure}`);
    return true;
  }

  #settle(): boolean {
    const { slot, version } = this.#journal.update;
    this.#ports.slots.commit(slot);
    this.#journal.move("reporting", { outcome: { finished: "success", message: `runs ${version}` } });
    return true;
  }

  async #revert(): Promise<boolean> {
    const { slots, payload } = this.#ports;
    const { installed } = this.#journal.state;
    await payload.stop();
    if (installed) {
      slots.switchTo(installed.slot);
      await this.#startInstalled(installed);
    }
    this.#journal.move("reverted");
    return true;
  }

  #clean(): boolean {
    this.#ports.slots.clear(this.#journal.update.slot);
    this.#journal.move("reporting");
    return true;
  }

  async #report(): Promise<boolean> {
    const { actionId, version } = this.#journal.update;
    let { outcome } = this.#journal.update;
    if (!outcome) throw new Error("nothing to report");
    // What runs first, so that no server ever believes an outcome without it.
    const running = await this.#attributes.tell(true);
    if (outcome.finished === "success" && running !== version) {
      const message = `${version} is committed, but ${running ?? "nothing"} answers`;
      if (!this.fails(version, running)) {
        this.#ports.log(`${message}; not reported yet`);
        return false;
      }
      // Only a device whose update is over can be told to go back.
      outcome = { finished: "failure", message };
    }
    const result = { finished: outcome.finished };
    const details =
      outcome.finished === "success" ? [outcome.message] : [outcome.message, `runs ${running ?? "nothing"}`];
    await this.#ports.ddi.feedback("deploymentBase", actionId, {
      status: { execution: "closed", result, details },
    });
    this.#ports.log(`${version}: ${outcome.finished}, ${outcome.message}`);
    this.#journal.rest();
    return true;
  }
}
