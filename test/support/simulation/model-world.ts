import type { ComponentVersion } from "../../../src/compat/relation.ts";
import { compareVersions } from "../../../src/compat/versions.ts";
import type { Assignment, Device, DeviceOutcome } from "../../../src/fleet/fleet-backend.ts";
import { inCohort } from "../../../src/rollout/engine/cohort.ts";
import { appsOf, isOffline, lastWord, type ModelDevice, type ModelPhone, report } from "./model-device.ts";

export interface Action extends DeviceOutcome {
  readonly assignment: Assignment;
  readonly staged: boolean;
  readonly before: string;
  readonly canceling: boolean;
  readonly installedAtMs: number;
}

export interface Shown {
  readonly version: string;
  percent: number;
  halted: boolean;
  readonly shownAtMs: number;
}

/** Everything that changed something outside, in order. */
export type Deed = Circumstances & DeedKind;

/** What was true as something was done. */
export interface Circumstances {
  /** How many records the journal had that whoever did it knew. */
  readonly knownRecord: number;
  /** How many it had. */
  readonly afterRecord: number;
  /** What the clock of whoever did it showed. */
  readonly atMs: number;
  /** The turn was another's by then. */
  readonly turnLost: boolean;
}

export type AssignDeed = Deed & { readonly kind: "assign" };

type DeedKind =
  | {
      readonly kind: "assign";
      readonly assignment: Assignment;
      readonly staged: boolean;
      readonly device: Device;
    }
  | { readonly kind: "publish" | "halt" | "deploy"; readonly component: string; readonly version: string }
  | {
      readonly kind: "expose";
      readonly component: string;
      readonly version: string;
      readonly percent: number;
    }
  | { readonly kind: "cancel"; readonly assignmentId: string };

export interface WorldOptions {
  readonly devices: readonly ModelDevice[];
  /** What each service runs, and what the stores have offered to everybody for long. */
  readonly services: Readonly<Record<string, string>>;
  readonly offered: readonly ComponentVersion[];
  readonly compatible: (a: ComponentVersion, b: ComponentVersion) => boolean;
  /** Devices check an offer against the phones they know; without, phones are known to the fleet at once. */
  readonly devicesJudge: boolean;
  readonly circumstances: () => Circumstances;
  readonly startMs: number;
}

const pollsUntilFallBack = 2;
/** What a server holds in memory of when devices were heard of is written to its disk this often. */
const flushMs = 10 * 60_000;

/**
 * A small world with devices, phones, stores and services that keep state. Time moves in `pass`;
 * nothing moves while a rollout takes its turn, unless it is held up there.
 */
export class ModelWorld {
  nowMs: number;
  readonly devices: ModelDevice[];
  readonly deeds: Deed[] = [];
  readonly services: Record<string, string>;
  readonly devicesJudge: boolean;
  readonly #options: WorldOptions;
  readonly #byId: Map<string, ModelDevice>;
  #ids: readonly string[] | null = null;
  #flushedAtMs = 0;
  readonly #actions = new Map<string, Map<string, Action>>();
  readonly #active = new Map<string, Action>();
  readonly #shelf = new Map<string, Shown[]>();
  readonly #fallBackPolls = new Map<string, number>();
  readonly #mute = new Set<string>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.nowMs = options.startMs;
    this.devices = [...options.devices];
    this.devicesJudge = options.devicesJudge;
    this.services = { ...options.services };
    this.#byId = new Map(options.devices.map((device) => [device.id, device]));
    for (const { component, version } of options.offered) {
      this.shelfOf(component).push({ version, percent: 100, halted: false, shownAtMs: options.startMs });
    }
  }

  /** The share that a version is shown to and whether it is halted; null when it was never shown. */
  shown(component: string, version: string): Shown | null {
    return this.shelfOf(component).find((each) => each.version === version) ?? null;
  }

  shelfOf(component: string): Shown[] {
    const shelf = this.#shelf.get(component) ?? [];
    this.#shelf.set(component, shelf);
    return shelf;
  }

  /** Devices that could still begin an assignment. */
  waitingFor(assignmentId: string): string[] {
    return [...(this.#actions.get(assignmentId)?.values() ?? [])]
      .filter(({ state }) => state === "pending")
      .map(({ deviceId }) => deviceId);
  }

  outcome(assignmentId: string, deviceId: string): DeviceOutcome | undefined {
    return this.#actions.get(assignmentId)?.get(deviceId);
  }

  /** One more device comes to the field. */
  join(device: ModelDevice): void {
    this.devices.push(device);
    if (!this.devicesJudge) device.pairedApps = appsOf(device);
    this.#byId.set(device.id, device);
    this.#ids = null;
  }

  /** The server that devices talk to dies and comes back with what it had on its disk. */
  restartServer(): void {
    for (const device of this.devices) device.lastContactAtMs = device.flushedContactAtMs;
  }

  /** Guests go home again. */
  farewell(device: ModelDevice): void {
    for (const [index, { id }] of [...device.phones.entries()].toReversed()) {
      if (id.endsWith("-guest")) device.phones.splice(index, 1);
    }
  }

  /** Somebody comes to a device with an app that fits it; the device hears of it with its next poll. */
  visit(device: ModelDevice, app: ComponentVersion): void {
    const isInstalling = this.#active.get(device.id)?.state === "installing";
    const fits = this.#options.compatible({ component: device.component, version: device.running }, app);
    if (isInstalling || !fits || !this.devicesJudge) return;
    device.phones.push({ id: `${device.id}-guest`, ...app, adoptsAfterMs: Infinity });
  }

  /** Moves time on: users take what is shown to them, devices poll. */
  pass(ms: number): void {
    this.nowMs += ms;
    const { nowMs } = this;
    if (nowMs - this.#flushedAtMs >= flushMs) {
      for (const device of this.devices) device.flushedContactAtMs = device.lastContactAtMs;
      this.#flushedAtMs = nowMs;
    }
    for (const device of this.devices) {
      for (const phone of device.phones) this.#adopt(phone, nowMs);
      if (!this.devicesJudge) device.pairedApps = appsOf(device);
      if (!device.dead && device.nextPollAtMs <= nowMs && !isOffline(device, nowMs))
        this.#poll(device, nowMs);
    }
  }

  ids(): readonly string[] {
    this.#ids ??= [...this.#byId.keys()].toSorted();
    return this.#ids;
  }

  device(id: string): ModelDevice {
    const device = this.#byId.get(id);
    if (!device) throw new Error(`there is no device ${id}`);
    return device;
  }

  /** A device as the fleet lists it. */
  view(device: ModelDevice): Device {
    const { hardware, id, labels, pairedApps } = device;
    const activeAssignmentId = this.#active.get(id)?.assignment.id ?? null;
    const { lastContactAtMs, reportedVersion } = lastWord(device);
    return { id, hardware, labels, pairedApps, lastContactAtMs, reportedVersion, activeAssignmentId };
  }

  actionsOf(assignmentId: string): ReadonlyMap<string, Action> {
    return this.#actions.get(assignmentId) ?? new Map();
  }

  isBusy(deviceId: string): boolean {
    return this.#active.has(deviceId);
  }

  did(deed: DeedKind): void {
    this.deeds.push({ ...deed, ...this.#options.circumstances() });
  }

  give(assignment: Assignment, deviceId: string, staged: boolean): void {
    const device = this.device(deviceId);
    const actions = this.#actions.get(assignment.id) ?? new Map<string, Action>();
    this.#actions.set(assignment.id, actions);
    this.did({ kind: "assign", assignment, staged, device: this.view(device) });
    this.#put({
      assignment,
      staged,
      before: device.running,
      deviceId: device.id,
      state: "pending",
      message: "",
      canceling: false,
      installedAtMs: Infinity,
      assignedAtMs: this.nowMs,
      closedAtMs: null,
      ...lastWord(device),
    });
  }

  /** Closes what has not begun; a device that has begun is asked to, and decides. */
  takeBack(action: Action): "canceled" | "requested" {
    if (action.state === "pending") {
      this.#close(action, "canceled", "", this.nowMs);
      return "canceled";
    }
    this.#put({ ...action, canceling: true });
    return "requested";
  }

  #adopt(phone: ModelPhone, nowMs: number): void {
    for (const { halted, percent, shownAtMs, version } of this.shelfOf(phone.component)) {
      if (halted || version === phone.version || nowMs - shownAtMs < phone.adoptsAfterMs) continue;
      const isShown = percent === 100 || inCohort(phone.id, `${phone.component}@${version}`, percent);
      if (isShown && compareVersions(version, phone.version) > 0) phone.version = version;
    }
  }

  #poll(device: ModelDevice, nowMs: number): void {
    device.nextPollAtMs = nowMs + device.pollIntervalMs;
    device.polls++;
    device.lastContactAtMs = nowMs;
    device.pairedApps = appsOf(device);
    this.#turnOver(device);
    if (!this.#mute.has(device.id)) report(device, nowMs);
    const polls = this.#fallBackPolls.get(device.id);
    if (polls === pollsUntilFallBack) {
      if (device.nature === "early-success")
        [device.running, device.before] = [device.before, device.running];
      else device.running = this.#lastVersion(device);
      report(device, nowMs);
    }
    if (polls !== undefined) this.#fallBackPolls.set(device.id, polls + 1);
    const action = this.#active.get(device.id);
    if (action) this.#work(device, action, nowMs);
    if (device.nature === "liar" && device.before !== device.running) device.reported = device.before;
  }

  /** A flapper starts what it ran before, and the next time the other. */
  #turnOver(device: ModelDevice): void {
    if (device.nature === "flapper" && !this.#active.has(device.id))
      [device.running, device.before] = [device.before, device.running];
  }

  #work(device: ModelDevice, action: Action, nowMs: number): void {
    const { assignment } = action;
    if (action.state === "pending" || action.state === "retrieved") {
      if (action.canceling) {
        this.#close(action, "canceled", "", nowMs);
        return;
      }
      const target = { component: assignment.component, version: assignment.version };
      const stands = appsOf(device).find((app) => !this.#options.compatible(target, app));
      // What only lies ready meets nobody.
      if (this.devicesJudge && stands && !action.staged) {
        const message = `waiting: ${stands.component}@${stands.version} does not fit`;
        this.#put({ ...action, state: "retrieved", message });
      } else if (device.nature === "hoarder") {
        this.#put({ ...action, state: "downloading" });
      } else {
        this.#put({ ...action, state: "installing", installedAtMs: nowMs + device.installMs });
      }
    } else if (action.state === "downloading" || device.nature === "stuck-proceeding") {
      this.#put(action);
    } else if (device.reboots > 0) {
      device.reboots--;
      this.#put({ ...action, installedAtMs: nowMs + device.installMs });
    } else if (nowMs >= action.installedAtMs) this.#finish(device, action, nowMs);
  }

  #finish(device: ModelDevice, action: Action, nowMs: number): void {
    const { rollback, version } = action.assignment;
    if (action.staged) {
      if (device.nature !== "fails") device.ready = version;
      this.#close(action, device.nature === "fails" ? "failed" : "succeeded", "", nowMs);
      return;
    }
    // On the way back only failing is tried; the rest would be the same story twice.
    const nature = rollback && device.nature !== "fails" ? "honest" : device.nature;
    const failed = nature === "fails" || nature === "modest";
    if (nature === "early-success") device.before = version;
    else if (nature === "liar") {
      // It reports what it does not run.
      device.before = version;
    } else if (nature !== "fails" && nature !== "fallback-silent" && nature !== "mute-liar") {
      device.before = device.running;
      device.running = version;
    }
    this.#close(action, failed ? "failed" : "succeeded", failed ? "health check failed" : "", nowMs);
    if (nature === "mute" || (nature === "time-traveller" && device.doomed)) device.dead = true;
    if (nature === "mute-liar") this.#mute.add(device.id);
    else if (nature === "liar") {
      device.reported = version;
      device.reportedAtMs = nowMs;
    } else if (device.reportsAtOnce) report(device, nowMs);
    if (nature === "falls-back" || nature === "early-success") this.#fallBackPolls.set(device.id, 0);
    else this.#fallBackPolls.delete(device.id);
  }

  #close(action: Action, state: "succeeded" | "failed" | "canceled", message: string, nowMs: number): void {
    this.#put({ ...action, state, message, closedAtMs: nowMs });
    this.#active.delete(action.deviceId);
  }

  #put(action: Action): void {
    this.#actions.get(action.assignment.id)?.set(action.deviceId, action);
    if (action.closedAtMs === null) this.#active.set(action.deviceId, action);
  }

  #lastVersion(device: ModelDevice): string {
    for (const actions of this.#actions.values()) {
      const action = actions.get(device.id);
      if (action?.state !== "succeeded" || action.staged) continue;
      if (action.assignment.version === device.running) return action.before;
    }
    return device.running;
  }
}
