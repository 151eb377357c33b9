import { Exit } from "../../src/base/error-codes.ts";
import { IotctlError } from "../../src/base/errors.ts";
import { type Random, randomInteger } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { ComponentVersion } from "../../src/compat/relation.ts";
import { compareVersions } from "../../src/compat/versions.ts";
import type {
  Assignment,
  AssignResult,
  Device,
  DeviceOutcome,
  FleetBackend,
  StagingFleet,
} from "../../src/fleet/fleet-backend.ts";
import { inCohort } from "../../src/rollout/engine/cohort.ts";
import type { RolloutPorts, ServiceDeployer } from "../../src/rollout/rollout-ports.ts";
import type { ArtifactStore } from "../../src/storage/artifact-store.ts";
import type { Storefront } from "../../src/storefronts/storefront.ts";
import type { Strike } from "./memory-journal.ts";

/** What a device makes of an update. */
export type Nature =
  | "honest"
  /** Fails and says so. */
  | "fails"
  /** Says it succeeded and runs the old version. */
  | "liar"
  /** The same, and never reports a version again. */
  | "mute-liar"
  /** Runs the new version and is never heard of again. */
  | "dies"
  /** Says it failed and runs the new version. */
  | "modest"
  /** Falls back to the old version after it reported the new one. */
  | "falls-back";

export interface ModelPhone {
  readonly id: string;
  readonly component: string;
  version: string;
  /** How long after a version is shown to it the user takes it; Infinity: never. */
  readonly adoptsAfterMs: number;
}

export interface ModelDevice {
  readonly id: string;
  readonly component: string;
  readonly hardware: string;
  readonly labels: Record<string, string>;
  readonly nature: Nature;
  readonly phones: ModelPhone[];
  readonly pollIntervalMs: number;
  readonly installMs: number;
  /** Reports the new version as it closes the update, else with its next poll. */
  readonly reportsAtOnce: boolean;
  /** Neither polls nor installs in these windows. */
  readonly offline: readonly (readonly [fromMs: number, untilMs: number])[];
  running: string;
  /** The version of an image that it keeps, verified, and does not run. */
  ready: string | null;
  dead: boolean;
  nextPollAtMs: number;
  reported: string;
  reportedAtMs: number;
  lastContactAtMs: number;
  pairedApps: ComponentVersion[];
}

interface Action extends DeviceOutcome {
  readonly assignment: Assignment;
  readonly staged: boolean;
  readonly before: string;
  readonly canceling: boolean;
  readonly installedAtMs: number;
}

interface Shown {
  readonly version: string;
  percent: number;
  halted: boolean;
  readonly shownAtMs: number;
}

/** Everything that changed something outside, in order. */
export type Deed = { readonly afterRecord: number } & DeedKind;

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
  readonly random: Random;
  readonly devices: readonly ModelDevice[];
  /** What each service runs, and what the stores have offered to everybody for long. */
  readonly services: Record<string, string>;
  readonly offered: readonly ComponentVersion[];
  readonly compatible: (a: ComponentVersion, b: ComponentVersion) => boolean;
  /** Devices check an offer against the phones they know; without, phones are known to the fleet at once. */
  readonly devicesJudge: boolean;
  readonly storeCounts: boolean;
  readonly strike: Strike;
  /** How many records the journal has. */
  readonly recordsWritten: () => number;
  /** Chance that a deployment or a store refuses for good. */
  readonly refusals: number;
  readonly startMs: number;
}

const pollsUntilFallBack = 2;

/**
 * A small world with devices, phones, stores and services that keep state: the ports of a rollout
 * are its doors. Time moves in `pass`; nothing moves while a rollout takes its turn.
 */
export class ModelWorld {
  readonly clock: VirtualClock;
  readonly devices: readonly ModelDevice[];
  readonly deeds: Deed[] = [];
  readonly services: Record<string, string>;
  readonly ports: RolloutPorts;
  readonly #options: WorldOptions;
  readonly #byId: ReadonlyMap<string, ModelDevice>;
  readonly #actions = new Map<string, Map<string, Action>>();
  readonly #active = new Map<string, Action>();
  readonly #shelf = new Map<string, Shown[]>();
  readonly #published = new Set<string>();
  readonly #artifacts = new Set<string>();
  readonly #attestations = new Set<string>();
  readonly #fallBackPolls = new Map<string, number>();
  readonly #mute = new Set<string>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.startMs);
    this.devices = options.devices;
    this.services = { ...options.services };
    this.#byId = new Map(options.devices.map((device) => [device.id, device]));
    for (const { component, version } of options.offered) {
      this.#shelfOf(component).push({ version, percent: 100, halted: false, shownAtMs: options.startMs });
    }
    this.ports = {
      fleet: this.#fleet(),
      storefront: this.#storefront(),
      services: this.#deployer(),
      store: smallStore,
      clock: this.clock,
    };
  }

  /** The share that a version is shown to and whether it is halted; null when it was never shown. */
  shown(component: string, version: string): Shown | null {
    return this.#shelfOf(component).find((each) => each.version === version) ?? null;
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
    if (isInstalling || !fits || !this.#options.devicesJudge) return;
    device.phones.push({ id: `${device.id}-guest`, ...app, adoptsAfterMs: Infinity });
  }

  /** Moves time on: users take what is shown to them, devices poll. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    const nowMs = this.clock.now();
    for (const device of this.devices) {
      for (const phone of device.phones) this.#adopt(phone, nowMs);
      if (!this.#options.devicesJudge) device.pairedApps = appsOf(device);
      if (!device.dead && device.nextPollAtMs <= nowMs && !isOffline(device, nowMs))
        this.#poll(device, nowMs);
    }
  }

  #adopt(phone: ModelPhone, nowMs: number): void {
    for (const { halted, percent, shownAtMs, version } of this.#shelfOf(phone.component)) {
      const mayTake = !halted && inCohort(phone.id, `${phone.component}@${version}`, percent);
      const takes = mayTake && nowMs - shownAtMs >= phone.adoptsAfterMs;
      if (takes && compareVersions(version, phone.version) > 0) phone.version = version;
    }
  }

  #poll(device: ModelDevice, nowMs: number): void {
    device.nextPollAtMs = nowMs + device.pollIntervalMs;
    device.lastContactAtMs = nowMs;
    device.pairedApps = appsOf(device);
    if (!this.#mute.has(device.id)) report(device, nowMs);
    const polls = this.#fallBackPolls.get(device.id);
    if (polls === pollsUntilFallBack) {
      device.running = this.#lastVersion(device);
      report(device, nowMs);
    }
    if (polls !== undefined) this.#fallBackPolls.set(device.id, polls + 1);
    const action = this.#active.get(device.id);
    if (action) this.#work(device, action, nowMs);
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
      if (this.#options.devicesJudge && stands && !action.staged) {
        const message = `waiting: ${stands.component}@${stands.version} does not fit`;
        this.#put({ ...action, state: "retrieved", message });
      } else {
        this.#put({ ...action, state: "installing", installedAtMs: nowMs + device.installMs });
      }
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
    if (nature !== "fails" && nature !== "liar" && nature !== "mute-liar") device.running = version;
    const failed = nature === "fails" || nature === "modest";
    this.#close(action, failed ? "failed" : "succeeded", failed ? "health check failed" : "", nowMs);
    if (nature === "dies") device.dead = true;
    if (nature === "mute-liar") this.#mute.add(device.id);
    else if (device.reportsAtOnce) report(device, nowMs);
    if (nature === "falls-back") this.#fallBackPolls.set(device.id, 0);
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

  #shelfOf(component: string): Shown[] {
    const shelf = this.#shelf.get(component) ?? [];
    this.#shelf.set(component, shelf);
    return shelf;
  }

  /** A call from outside: it may fail or kill the caller before it has worked, or after. */
  async #call<T>(name: string, work: () => T): Promise<T> {
    this.#options.strike("before", name);
    const result = work();
    this.#options.strike("after", name);
    return result;
  }

  #mayRefuse(code: "IOT_SERVICE_DEPLOY_FAILED" | "IOT_STOREFRONT_REFUSED", what: string): void {
    if (this.#options.random.next() < this.#options.refusals)
      throw new IotctlError(code, `${what} is refused`);
  }

  #fleet(): FleetBackend {
    const fleet: StagingFleet = {
      name: "model",
      listDevices: ({ after, limit }) =>
        this.#call("listDevices", () => {
          const ids = [...this.#byId.keys()].toSorted().filter((id) => after === undefined || id > after);
          const devices = ids.slice(0, limit).map((id) => this.#view(this.#device(id)));
          return { devices, next: ids.length > limit ? (ids[limit - 1] ?? null) : null };
        }),
      ensureArtifact: ({ digest }) =>
        this.#call("ensureArtifact", () => {
          this.#artifacts.add(digest);
        }),
      ensureAttestation: ({ digest }) =>
        this.#call("ensureAttestation", () => {
          this.#attestations.add(digest);
        }),
      assign: (assignment, deviceIds) =>
        this.#call("assign", () => this.#assign(assignment, deviceIds, false)),
      stage: (assignment, deviceIds) => this.#call("stage", () => this.#assign(assignment, deviceIds, true)),
      observe: (assignmentId, { after, limit }) =>
        this.#call("observe", () => {
          const actions = this.#actions.get(assignmentId) ?? new Map<string, Action>();
          const ids = [...actions.keys()].toSorted().filter((id) => after === undefined || id > after);
          const outcomes = ids.slice(0, limit).flatMap((id) => {
            const action = actions.get(id);
            return action ? [{ ...action, ...lastWord(this.#device(id)) }] : [];
          });
          return { outcomes, next: ids.length > limit ? (ids[limit - 1] ?? null) : null };
        }),
      cancel: (assignmentId, deviceIds) =>
        this.#call("cancel", () => {
          const canceled: string[] = [];
          const requested: string[] = [];
          for (const action of this.#actions.get(assignmentId)?.values() ?? []) {
            if (action.closedAtMs !== null || deviceIds?.includes(action.deviceId) === false) continue;
            (action.state === "pending" ? canceled : requested).push(action.deviceId);
            if (action.state === "pending") this.#close(action, "canceled", "", this.clock.now());
            else this.#put({ ...action, canceling: true });
          }
          if (canceled.length + requested.length > 0) this.#did({ kind: "cancel", assignmentId });
          return { canceled, requested };
        }),
    };
    return fleet;
  }

  #assign(assignment: Assignment, deviceIds: readonly string[], staged: boolean): AssignResult {
    for (const { digest } of Object.values(assignment.variants)) {
      if (!this.#artifacts.has(digest)) throw new Error(`artifact ${digest} was not uploaded`);
    }
    if (!this.#attestations.has(assignment.attestationDigest)) throw new Error("the attestation is missing");
    const actions = this.#actions.get(assignment.id) ?? new Map<string, Action>();
    this.#actions.set(assignment.id, actions);
    const assigned: string[] = [];
    const refused: { deviceId: string; reason: string }[] = [];
    for (const deviceId of deviceIds) {
      const device = this.#device(deviceId);
      if (!actions.has(deviceId)) {
        if (this.#active.has(deviceId)) {
          refused.push({ deviceId, reason: "it is busy" });
          continue;
        }
        this.#did({ kind: "assign", assignment, staged, device: this.#view(device) });
        this.#put(newAction(assignment, staged, device, this.clock.now()));
      }
      assigned.push(deviceId);
    }
    return { assigned, refused };
  }

  #storefront(): Storefront {
    return {
      name: "model",
      publish: ({ component, version }) =>
        this.#call("publish", () => {
          this.#mayRefuse("IOT_STOREFRONT_REFUSED", `${component}@${version}`);
          this.#published.add(`${component}@${version}`);
          this.#did({ kind: "publish", component, version });
        }),
      expose: (component, version, percent) =>
        this.#call("expose", () => {
          if (!this.#published.has(`${component}@${version}`)) throw new Error("it was not published");
          this.#did({ kind: "expose", component, version, percent });
          const shown = this.shown(component, version);
          if (!shown) {
            this.#shelfOf(component).push({ version, percent, halted: false, shownAtMs: this.clock.now() });
          } else if (percent > shown.percent && !shown.halted) shown.percent = percent;
        }),
      halt: (component, version) =>
        this.#call("halt", () => {
          this.#did({ kind: "halt", component, version });
          const shown = this.shown(component, version);
          if (shown) shown.halted = true;
        }),
      status: (component) =>
        this.#call("status", () => ({
          releases: this.#shelfOf(component).map(({ halted, percent, version }) => ({
            version,
            state: halted ? ("halted" as const) : ("exposed" as const),
            percent,
          })),
          installed: this.#options.storeCounts ? this.#countUsers(component) : null,
        })),
    };
  }

  #countUsers(component: string): { version: string; users: number }[] {
    const counts = new Map<string, number>();
    for (const { phones } of this.devices) {
      for (const phone of phones) {
        if (phone.component === component) counts.set(phone.version, (counts.get(phone.version) ?? 0) + 1);
      }
    }
    return [...counts].map(([version, users]) => ({ version, users }));
  }

  #did(deed: DeedKind): void {
    this.deeds.push({ ...deed, afterRecord: this.#options.recordsWritten() });
  }

  #deployer(): ServiceDeployer {
    return {
      deploy: (component, version) =>
        this.#call("deploy", () => {
          this.#did({ kind: "deploy", component, version });
          this.services[component] = version;
          this.#mayRefuse("IOT_SERVICE_DEPLOY_FAILED", `${component}@${version}`);
        }),
    };
  }

  #device(id: string): ModelDevice {
    const device = this.#byId.get(id);
    if (!device) throw new Error(`there is no device ${id}`);
    return device;
  }

  #view(device: ModelDevice): Device {
    const { hardware, id, labels, pairedApps } = device;
    const activeAssignmentId = this.#active.get(id)?.assignment.id ?? null;
    const { lastContactAtMs, reportedVersion } = lastWord(device);
    return { id, hardware, labels, pairedApps, lastContactAtMs, reportedVersion, activeAssignmentId };
  }
}

/** A backend that is away for a moment. */
export function away(): IotctlError {
  const error = new IotctlError("IOT_FLEET_UNREACHABLE", "the fleet does not answer");
  if (error.exit !== Exit.remote) throw new Error("a backend that is away must be worth another try");
  return error;
}

/** Windows in which a device is away: none for most. */
export function offlineWindows(random: Random, startMs: number, spanMs: number): [number, number][] {
  if (random.next() < 0.6) return [];
  return Array.from({ length: randomInteger(random, 1, 2) }, () => {
    const from = startMs + random.next() * spanMs;
    return [from, from + random.next() * spanMs * 0.3];
  });
}

function newAction(assignment: Assignment, staged: boolean, device: ModelDevice, nowMs: number): Action {
  return {
    assignment,
    staged,
    before: device.running,
    deviceId: device.id,
    state: "pending",
    message: "",
    canceling: false,
    installedAtMs: Infinity,
    assignedAtMs: nowMs,
    closedAtMs: null,
    ...lastWord(device),
  };
}

function lastWord(device: ModelDevice): {
  reportedVersion: string;
  reportedAtMs: number;
  lastContactAtMs: number;
} {
  const { lastContactAtMs, reported, reportedAtMs } = device;
  return { reportedVersion: reported, reportedAtMs, lastContactAtMs };
}

function report(device: ModelDevice, nowMs: number): void {
  device.reported = device.running;
  device.reportedAtMs = nowMs;
}

function appsOf({ phones }: ModelDevice): ComponentVersion[] {
  return phones.map(({ component, version }) => ({ component, version }));
}

function isOffline({ offline }: ModelDevice, nowMs: number): boolean {
  return offline.some(([from, until]) => nowMs >= from && nowMs < until);
}

/** Every blob is its own digest. */
const smallStore: ArtifactStore = {
  name: "model",
  location: "memory",
  putBlob: async () => "present",
  async *openBlob(digest) {
    yield Buffer.from(digest);
  },
  hasBlob: async () => true,
  publish: async () => "present",
  resolve: async () => null,
  list: async () => [],
};
