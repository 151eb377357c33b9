import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { type DdiFeedback, type DdiPollRoot, parseSleep } from "../ddi/wire.ts";
import type { VisitAnswer } from "./app-link.ts";
import type { DdiClient } from "./ddi-client.ts";
import { DeviceAttributes } from "./device-attributes.ts";
import { DeviceJournal, type DeviceState } from "./device-journal.ts";
import { judgeOffer, type Offer, readOffer } from "./judge-deployment.ts";
import type { PayloadRunner } from "./payload-runner.ts";
import { ProgressReport } from "./progress-report.ts";
import { ReleaseReader, type ReleaseReaderPorts } from "./release-reader.ts";
import type { SeenApps } from "./seen-apps.ts";
import { isServerError } from "./server-errors.ts";
import type { SlotStorage } from "./slot-storage.ts";
import type { StateStorage } from "./state-storage.ts";
import { Updater, type UpdaterLimits } from "./updater.ts";
import { updateStates } from "./update-states.ts";

export interface AgentPorts extends ReleaseReaderPorts {
  readonly ddi: DdiClient;
  readonly state: StateStorage;
  readonly slots: SlotStorage;
  readonly payload: PayloadRunner;
  readonly apps: SeenApps;
  readonly clock: Clock;
  /** Milliseconds that no step of the wall clock touches; absent: `clock.now`, for a clock that is never set. */
  readonly monotonicNow?: () => number;
  readonly log: (message: string) => void;
}

export interface AgentDevice {
  readonly hardware: string;
  /** Name of the firmware component, for phones that ask before the first update told it. */
  readonly component?: string;
  readonly limits?: Partial<UpdaterLimits>;
}

const defaultLimits: UpdaterLimits = { trialMs: 20_000, steadyMs: 5000, downloadSliceMs: 60_000 };
/** Wait after the first turn that failed; doubled with each further one, up to `retryMaxMs`. */
const retryMs = 1000;
const retryMaxMs = 300_000;

/** A device: one firmware in two slots, updated over DDI. The same for a real process and a virtual device. */
export class Agent {
  readonly #device: AgentDevice;
  readonly #ports: AgentPorts;
  readonly #attributes: DeviceAttributes;
  readonly #progress: ProgressReport;
  readonly #releases: ReleaseReader;
  #started: { readonly journal: DeviceJournal; readonly updater: Updater } | null = null;
  #failedTurns = 0;
  #lastSleepMs = retryMs;

  constructor(device: AgentDevice, ports: AgentPorts) {
    this.#device = device;
    this.#ports = ports;
    this.#attributes = new DeviceAttributes(device.hardware, ports);
    this.#progress = new ProgressReport(ports.ddi);
    this.#releases = new ReleaseReader(ports);
  }

  /**
   * One poll and all that follows from it; returns how long the device may sleep now. A server that is
   * away is no error. A storage that fails is: the next turn then starts like after a power cut.
   */
  async turn(): Promise<{ readonly sleepMs: number }> {
    try {
      const { journal, updater } = await this.#boot();
      await updater.advance(null);
      await this.#followServer(journal, updater);
      this.#failedTurns = 0;
      return { sleepMs: updater.downloads ? Math.min(retryMs, this.#lastSleepMs) : this.#lastSleepMs };
    } catch (error) {
      if (!isServerError(error)) {
        this.#started = null;
        throw error;
      }
      if (this.#failedTurns === 0) this.#ports.log(messageOf(error));
      const sleepMs = Math.min(
        retryMs * 2 ** this.#failedTurns,
        retryMaxMs,
        Math.max(this.#lastSleepMs, retryMs),
      );
      this.#failedTurns = Math.min(this.#failedTurns + 1, 16);
      return { sleepMs };
    }
  }

  /** Starts what is installed, without a word to the server; the first turn does it otherwise. */
  async start(): Promise<void> {
    await this.#boot();
  }

  /** What the device remembers; null before it was started. */
  get state(): DeviceState | null {
    return this.#started?.journal.state ?? null;
  }

  /** What really runs right now, and what lies ready, as phones ask it. */
  async running(): Promise<Pick<VisitAnswer, "component" | "version" | "answering" | "staged">> {
    const health = await this.#ports.payload.health();
    // Looked at together, after the wait: the two must be of one moment.
    const installed = this.state?.installed;
    const ready = this.state && readyImage(this.state);
    return {
      component: installed?.component ?? this.#device.component ?? "",
      version: health.kind === "healthy" ? health.version : (installed?.version ?? ""),
      answering: health.kind === "healthy",
      ...(ready && { staged: ready.version }),
    };
  }

  async #boot(): Promise<{ readonly journal: DeviceJournal; readonly updater: Updater }> {
    const { state: storage, slots, log } = this.#ports;
    if (!this.#started) {
      const journal = DeviceJournal.load(storage, slots, log) ?? DeviceJournal.create(storage, null);
      const updater = new Updater(this.#ports, {
        journal,
        attributes: this.#attributes,
        progress: this.#progress,
        hardware: this.#device.hardware,
        limits: { ...defaultLimits, ...this.#device.limits },
      });
      this.#started = { journal, updater };
    }
    const { journal, updater } = this.#started;
    const { state, installed } = journal.state;
    if (installed && updateStates[state].runs === "installed") await updater.keepInstalled(installed);
    // After the start: a disk without room to count must not keep the firmware down.
    updater.countRestart();
    return this.#started;
  }

  async #followServer(journal: DeviceJournal, updater: Updater): Promise<void> {
    const root = await this.#ports.ddi.poll();
    this.#lastSleepMs = parseSleep(root.config.polling.sleep) ?? this.#lastSleepMs;
    await this.#attributes.tell(root._links.configData !== undefined);
    if (root._links.cancelAction) {
      await this.#cancel(journal, root._links.cancelAction.href);
    } else {
      await this.#followOffer(journal, updater, root);
    }
  }

  async #cancel(journal: DeviceJournal, href: string): Promise<void> {
    const cancel = await this.#ports.ddi.cancelAction(href);
    if (!cancel) return;
    const { state, update, staged } = journal.state;
    const mine = update?.actionId === cancel.cancelAction.stopId;
    const refused = mine && !updateStates[state].cancellable;
    // Given up before it is said: after a power cut in between, the server simply asks again.
    if (mine && !refused) journal.rest();
    if (staged?.actionId === cancel.cancelAction.stopId) {
      journal.forgetStaged();
      this.#ports.slots.clear(staged.slot);
    }
    const feedback: DdiFeedback = refused
      ? { status: { execution: "rejected", result: { finished: "failure" }, details: ["installed already"] } }
      : { status: { execution: "closed", result: { finished: "success" }, details: ["canceled"] } };
    await this.#ports.ddi.feedback("cancelAction", cancel.id, feedback);
  }

  async #followOffer(journal: DeviceJournal, updater: Updater, root: DdiPollRoot): Promise<void> {
    const link = root._links.deploymentBase;
    const deployment = link ? await this.#ports.ddi.deployment(link.href) : null;
    const { update } = journal.state;
    // The server took the update back without a word, or offers another: nothing has changed yet.
    if (update && updateStates[journal.state.state].cancellable && update.actionId !== deployment?.id)
      journal.rest();
    if (!deployment) this.#releases.forget();
    if (!deployment || journal.state.state === "reporting") return;

    const offer = readOffer(deployment);
    if ("refusal" in offer) return this.#close(deployment.id, "failure", offer.refusal);
    const releases = await this.#releases.read(offer);
    if ("refusal" in releases) return this.#close(offer.actionId, "failure", releases.refusal);

    const judge = () =>
      judgeOffer(offer, releases.proof, releases.context, {
        hardware: this.#device.hardware,
        state: journal.state,
        apps: this.#ports.apps.lately(),
      });
    const judgement = judge();
    switch (judgement.kind) {
      case "refuse":
        return this.#refuse(journal, offer, judgement.reason);
      case "wait":
        return this.#progress.tell(offer.actionId, "scheduled", judgement.reason);
      case "installed":
        return this.#confirmInstalled(updater, offer);
      case "staged":
        return this.#progress.tellStaged(offer);
      case "accept":
        // One action may first have an image staged and then installed, as with a maintenance window.
        if (journal.state.update && journal.update.purpose !== judgement.target.purpose) journal.rest();
        if (journal.state.state === "idle") updater.accept(judgement.target);
        return updater.advance({ href: offer.href, obstacle: () => reasonOf(judge()) });
    }
  }

  async #refuse(journal: DeviceJournal, offer: Offer, reason: string): Promise<void> {
    if (journal.state.update) journal.rest();
    await this.#close(offer.actionId, "failure", reason);
  }

  async #confirmInstalled(updater: Updater, offer: Offer): Promise<void> {
    const running = await this.#attributes.tell(true);
    if (running === offer.version)
      await this.#close(offer.actionId, "success", `runs ${offer.version} already`);
    else if (updater.fails(offer.version, running)) {
      const message = `${offer.version} is installed, but ${running ?? "nothing"} answers`;
      await this.#close(offer.actionId, "failure", message);
    }
  }

  async #close(actionId: string, finished: "success" | "failure", message: string): Promise<void> {
    this.#ports.log(`action ${actionId}: ${finished}, ${message}`);
    const status = { execution: "closed", result: { finished }, details: [message] } as const;
    await this.#ports.ddi.feedback("deploymentBase", actionId, { status });
  }
}

/** The image that could run next: staged, or on its way from there into use. */
function readyImage({ staged, state, update }: DeviceState): { readonly version: string } | null {
  return staged ?? (state === "staged" || state === "switching" ? update : null);
}

function reasonOf(judgement: ReturnType<typeof judgeOffer>): string | null {
  return judgement.kind === "wait" || judgement.kind === "refuse" ? judgement.reason : null;
}
