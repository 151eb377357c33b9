import type { Clock } from "../base/clock.ts";
import type { DdiClient } from "./ddi-client.ts";
import type { DeviceJournal } from "./device-journal.ts";
import { downloadImage } from "./download-image.ts";
import type { ProgressReport } from "./progress-report.ts";
import type { SlotStorage } from "./slot-storage.ts";

interface ImageIntakeOptions {
  readonly ddi: DdiClient;
  readonly slots: SlotStorage;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  readonly journal: DeviceJournal;
  readonly progress: ProgressReport;
  /** Milliseconds that no step of the wall clock touches. */
  readonly monotonicNow: () => number;
  /** How long one turn downloads before the device polls again. */
  readonly downloadSliceMs: number;
}

export const downloadAttempts = 40;
const attemptsPerTurn = 4;
const retryAfterMs = 1000;
/** What an image with the wrong digest costs: the server has it wrong more than the network. */
const corruptCost = 10;

/** Brings the image of an update into its slot and proves it, byte for byte. */
export class ImageIntake {
  readonly #options: ImageIntakeOptions;
  /** Whether the last download left more bytes than before. */
  #gained = false;

  constructor(options: ImageIntakeOptions) {
    this.#options = options;
  }

  /** Whether a download is under way that gets on, and so need not wait for the next poll. */
  get getsOn(): boolean {
    return this.#gained && this.#options.journal.state.state === "downloading";
  }

  /** To be called at the beginning of a turn. */
  startTurn(): void {
    this.#gained = false;
  }

  /** Makes the slot ready; an image that lies there whole needs no download, only its proof. */
  prepare(): true {
    const { journal, slots } = this.#options;
    const { slot, sizeBytes } = journal.update;
    journal.move(slots.prepare(slot, journal.update) === sizeBytes ? "staged" : "downloading");
    return true;
  }

  /** Downloads for one slice of time; whether the update has moved on. */
  async download(href: string): Promise<boolean> {
    const { ddi, slots, clock, log, journal, progress, monotonicNow: now } = this.#options;
    const { actionId, purpose } = journal.update;
    await progress.tellState(actionId, "downloading");
    const pauseAtMs = now() + this.#options.downloadSliceMs;
    for (let attempt = 1; attempt <= attemptsPerTurn; attempt++) {
      const image = journal.update;
      const result = await downloadImage({ ddi, slots, slot: image.slot, image, href, now, pauseAtMs });
      if (result.kind === "paused") {
        this.#gained = true;
        return false;
      }
      if (result.kind === "whole") {
        journal.move("staged");
        // Where staging is all, the server takes it for the end: not before the image is proved.
        if (purpose === "install") await progress.tellState(actionId, "staged");
        return true;
      }
      log(`download attempt ${attempt} failed: ${result.reason}`);
      if (result.gained) this.#gained = true;
      else if (this.#spend(1, `the download failed: ${result.reason}`)) return true;
      if (attempt < attemptsPerTurn) await clock.sleep(retryAfterMs * 2 ** (attempt - 1));
    }
    return false;
  }

  /** Whether the slot holds the signed image, durably. One that does not is emptied and filled again, or given up. */
  proves(): boolean {
    const { journal, slots } = this.#options;
    const { slot, digest } = journal.update;
    const found = slots.seal(slot);
    if (found === digest) return true;
    slots.clear(slot);
    const reason = `the image has ${found}, signed is ${digest}`;
    if (!this.#spend(corruptCost, reason)) journal.move("downloading");
    return false;
  }

  /** Ends an update before anything was switched. */
  giveUp(reason: string): void {
    const { journal, slots } = this.#options;
    slots.clear(journal.update.slot);
    journal.move("reporting", { outcome: { finished: "failure", message: reason } });
  }

  #spend(cost: number, reason: string): boolean {
    const { journal } = this.#options;
    const downloadsLeft = journal.update.downloadsLeft - cost;
    journal.count({ downloadsLeft });
    if (downloadsLeft > 0) return false;
    this.giveUp(reason);
    return true;
  }
}
