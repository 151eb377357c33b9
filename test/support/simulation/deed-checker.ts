import type { ComponentVersion } from "../../../src/compat/relation.ts";
import { securityCounter } from "../../../src/compat/relation.ts";
import { satisfies } from "../../../src/compat/versions.ts";
import type { Device } from "../../../src/fleet/fleet-backend.ts";
import { inCohort } from "../../../src/rollout/engine/cohort.ts";
import { type FirmwareStep, isSameStep } from "../../../src/rollout/engine/firmware-step.ts";
import type { RolloutStatus } from "../../../src/rollout/engine/state.ts";
import type { WayBack } from "../../../src/rollout/engine/way-back.ts";
import { broken } from "./invariant-broken.ts";
import type { ModelDevice } from "./model-device.ts";
import { isErratic } from "./model-device.ts";
import type { AssignDeed, Deed, ModelWorld } from "./model-world.ts";
import type { PeopleTruth } from "./people-truth.ts";
import type { RolloutMap } from "./rollout-map.ts";
import type { Scenario } from "./scenario.ts";

/** What a journal comes to after each of its records, as far as deeds are held against it. */
export interface Standing {
  readonly status: RolloutStatus;
  /** How many waves were entered. */
  readonly entered: number;
  readonly wayBack: WayBack | null;
}

/** Holds everything that is done in the world against what may be done. */
export class DeedChecker {
  readonly #scenario: Scenario;
  readonly #world: ModelWorld;
  readonly #map: RolloutMap;
  readonly #people: PeopleTruth;
  readonly #isOpen: (atMs: number, entered: number) => boolean;
  readonly #verdicts = new Map<string, boolean>();
  readonly #given = new Map<string, AssignDeed[]>();
  readonly #byAssignment = new Map<string, AssignDeed[]>();
  readonly #lateEffects = new Map<number, string>();
  #seen = 0;

  constructor(
    scenario: Scenario,
    world: ModelWorld,
    map: RolloutMap,
    people: PeopleTruth,
    isOpen: (atMs: number, entered: number) => boolean,
  ) {
    this.#scenario = scenario;
    this.#world = world;
    this.#map = map;
    this.#people = people;
    this.#isOpen = isOpen;
  }

  /** Looks at what was done since the last time. `standings` is by the number of records. */
  look(standings: readonly (Standing | undefined)[]): void {
    for (; this.#seen < this.#world.deeds.length; this.#seen++) {
      const deed = this.#world.deeds[this.#seen];
      if (deed) this.#judge(deed, standings[deed.knownRecord]);
    }
  }

  /** Whether two versions fit, remembered. */
  fits(a: ComponentVersion, b: ComponentVersion): boolean {
    const key = `${a.component}@${a.version} ${b.component}@${b.version}`;
    let fits = this.#verdicts.get(key);
    if (fits === undefined) {
      fits = this.#scenario.relation.verdict(a, b).kind === "compatible";
      this.#verdicts.set(key, fits);
    }
    return fits;
  }

  /** What a device was given to run, on the way forward, oldest first. */
  givenTo(deviceId: string): readonly AssignDeed[] {
    return this.#given.get(deviceId) ?? [];
  }

  /** Everybody who was given something on the way forward. */
  devicesGiven(): Iterable<string> {
    return this.#given.keys();
  }

  /** The last that a device was given to run, on the way forward, and that was not taken back. */
  lastUpdate(deviceId: string): AssignDeed | undefined {
    return this.givenTo(deviceId).findLast(
      (deed) => !deed.staged && this.#world.outcome(deed.assignment.id, deviceId)?.state !== "canceled",
    );
  }

  /** Who meets whom, now: nobody may meet what does not fit because of us. */
  pairs(): void {
    const everybody = this.#scenario.config.pairing === "arbitrary";
    const apps = everybody
      ? distinct(this.#world.devices.flatMap((device) => (isLate(device) ? [] : device.phones)))
      : [];
    const services = this.#services();
    const seen = new Set<string>();
    for (const device of this.#world.devices) {
      if (isErratic(device)) continue;
      // Who came late with what had left the field meets whom it meets until it has arrived.
      const target = this.#scenario.config.resolved.components[device.component]?.version;
      if (isLate(device) && device.running !== target) continue;
      const firmware = { component: device.component, version: device.running };
      for (const peer of [...(everybody ? apps : device.phones), ...services]) {
        const name = `${firmware.component}@${firmware.version} and ${peer.component}@${peer.version}`;
        const key = `${name} ${device.ready}`;
        if (seen.has(key)) continue;
        seen.add(key);
        if (this.#inField(firmware) && this.#inField(peer)) continue;
        if (this.#isBridged(device, peer)) continue;
        if (!this.fits(firmware, peer)) broken(`${name} meet on ${device.id} and do not fit`);
      }
    }
  }

  #judge(deed: Deed, known: Standing | undefined): void {
    if (!known) broken(`${deed.kind} was done before there was a journal`);
    if (deed.turnLost) broken(`${deed.kind} was done in a turn that had been lost`);
    if (this.#people.untouched) broken("an abort before the beginning changed something");
    const { status } = known;
    const forward = isForward(deed);
    const joins = status === "completed" && deed.kind === "assign";
    if (forward && status !== "running" && status !== "awaiting-approval" && !joins)
      broken(`${status}, but ${deed.kind} was done`);
    // What was under way as somebody spoke comes to its end; nothing else begins.
    if (deed.knownRecord < deed.afterRecord) {
      const name = "assignment" in deed ? deed.assignment.id : `${deed.kind} ${JSON.stringify(deed)}`;
      const first = this.#lateEffects.get(deed.knownRecord) ?? name;
      this.#lateEffects.set(deed.knownRecord, first);
      if (first !== name) broken(`${name} was begun after somebody had spoken`);
    } else if (forward && this.#people.paused) broken(`paused, but ${deed.kind} was done`);
    else if (forward && this.#people.aborted) broken(`aborted, but ${deed.kind} was done`);
    if (deed.kind === "expose") this.#mayShow(deed);
    if (deed.kind !== "assign") return;
    if (deed.assignment.rollback) this.#mayReturn(deed, known);
    else this.#mayTake(deed, known);
  }

  #mayTake(deed: AssignDeed, { entered }: Standing): void {
    const { assignment, device, staged } = deed;
    const before = this.#given.get(device.id) ?? [];
    const others = this.#byAssignment.get(assignment.id) ?? [];
    this.#given.set(device.id, [...before, deed]);
    this.#byAssignment.set(assignment.id, others);
    others.push(deed);
    const name = `${device.id} got ${assignment.version}${staged ? " to keep" : ""}`;
    const { component } = assignment;
    const step: FirmwareStep = { component, version: assignment.version, ...(staged && { staged }) };
    if (!this.#isOpen(deed.atMs, entered)) broken(`${name} while nothing may begin`);
    if (!staged) this.#mayRun(assignment, device, name);
    this.#leadsOn(step, device, name, before);
    const facts = this.#scenario.relation.facts(assignment.component, assignment.version);
    if (!facts?.hardware.includes(device.hardware)) broken(`${name}, which has no image for it`);
    if (!this.#scenario.relation.installsOver(assignment, device.reportedVersion ?? "")) {
      broken(`${name}, which does not install over ${device.reportedVersion}`);
    }
    this.#isInWave(step, device, name, entered, others);
  }

  #isInWave(
    step: FirmwareStep,
    device: Device,
    name: string,
    entered: number,
    others: readonly AssignDeed[],
  ): void {
    const open = this.#map.waves
      .slice(0, entered)
      .filter(({ firmware }) => firmware.some((each) => isSameStep(each, step)))
      .map(({ selection }) => selection);
    const { product, version } = this.#scenario.config.resolved;
    const inShare = (id: string): boolean =>
      open.some((wave) => wave.kind === "percent" && inCohort(id, `${product}@${version}`, wave.percent));
    // Whose app has moved already waits for no wave: the app was its wave.
    const isDriven = ({ pairedApps, reportedVersion }: Device): boolean =>
      !step.staged &&
      open.length > 0 &&
      this.#isStaged(step) &&
      pairedApps.some(
        (app) => !this.fits({ component: step.component, version: reportedVersion ?? "" }, app),
      );
    if (inShare(device.id) || isDriven(device)) return;
    const labelled = open.flatMap((wave) => (wave.kind === "label" ? [wave] : []));
    if (!labelled.some(({ label, value }) => device.labels[label] === value))
      broken(`${name} outside its wave`);
    const max = Math.max(...labelled.map((wave) => wave.max ?? Infinity));
    const counted = others.filter((other) => !inShare(other.device.id) && !isDriven(other.device));
    if (counted.length > max) broken(`${name} as number ${counted.length} of at most ${max}`);
  }

  #mayReturn({ assignment, device }: AssignDeed, { status, wayBack }: Standing): void {
    const { component, version } = assignment;
    const name = `${device.id} went back to ${version}`;
    const { config, relation } = this.#scenario;
    if (status !== "rolling-back") broken(`${name} unasked`);
    if (this.lastUpdate(device.id)?.device.reportedVersion !== version)
      broken(`${name}, which it did not run before`);
    if (!wayBack?.open[component]?.includes(version)) broken(`${name}, which the planner did not open`);
    const running = device.reportedVersion ?? "";
    if (securityCounter(relation, component, version) < securityCounter(relation, component, running))
      broken(`${name}, below the security counter of ${running}`);
    this.#mayRun(assignment, device, name);
    if (config.pairing === "observed") return;
    for (const { phones } of this.#world.devices) {
      for (const app of phones) {
        if (this.#inField(app) && this.#inField(assignment)) continue;
        if (!this.fits(assignment, app)) broken(`${name}, which may meet ${app.component}@${app.version}`);
      }
    }
  }

  #mayRun(assignment: ComponentVersion, device: Device, name: string): void {
    for (const peer of [...device.pairedApps, ...this.#services()]) {
      if (!this.fits(assignment, peer))
        broken(`${name}, which does not fit ${peer.component}@${peer.version}`);
    }
  }

  #services(): ComponentVersion[] {
    return Object.entries(this.#world.services).map(([component, version]) => ({ component, version }));
  }

  #inField({ component, version }: ComponentVersion): boolean {
    return this.#scenario.config.plan.field[component]?.includes(version) ?? false;
  }

  /** A step takes a device on: to nothing that it had, unless it was asked to try again, and to nothing that does not lead to the target. */
  #leadsOn(step: FirmwareStep, device: Device, name: string, before: readonly AssignDeed[]): void {
    const { hardware, id, reportedVersion } = device;
    const { relation } = this.#scenario;
    const target = this.#scenario.config.resolved.components[step.component]?.version ?? "";
    if (reportedVersion === step.version) broken(`${name}, which it runs`);
    if (reportedVersion === target) broken(`${name}, but ran the target`);
    const retries = this.#people.retriesOf(id);
    const previous = before.findLast((deed) => !deed.staged);
    const ended = previous && this.#world.outcome(previous.assignment.id, id);
    if (ended && ended.state !== "canceled" && retries === 0) {
      const heardSince = (device.lastContactAtMs ?? 0) > (ended.closedAtMs ?? Infinity);
      if (ended.state !== "succeeded" || !heardSince)
        broken(`${name} before ${previous.assignment.version} was good`);
    }
    const had = before.filter(
      ({ assignment, staged }) =>
        assignment.version === step.version &&
        (staged || !step.staged) &&
        this.#world.outcome(assignment.id, id)?.state !== "canceled",
    );
    const byPlan = this.#isStaged(step) && !step.staged ? 1 : 0;
    if (had.length > byPlan + retries) broken(`${name} once more`);
    const steps = this.#map.phases.flatMap(({ firmware }) => firmware);
    const reached = new Set([step.version]);
    for (const here of reached) {
      for (const { component, version } of steps) {
        const hasImage = relation.facts(component, version)?.hardware.includes(hardware) ?? false;
        if (component === step.component && hasImage && relation.installsOver({ component, version }, here))
          reached.add(version);
      }
    }
    if (!reached.has(target)) broken(`${name}, from where nothing leads to ${target}`);
  }

  /** An app is shown once what it will update lies ready wherever it may be run. */
  #mayShow({ component, version }: Deed & { kind: "expose" }): void {
    const { phases } = this.#map;
    const index = phases.findIndex(({ apps }) =>
      apps.some((app) => app.component === component && app.version === version),
    );
    const { plan } = this.#scenario.config;
    for (const step of phases[index - 1]?.firmware.filter(({ staged }) => staged) ?? []) {
      const facts = this.#scenario.relation.facts(step.component, step.version);
      for (const device of this.#world.devices) {
        const isStuck = plan.stuck.some(
          (each) => each.component === device.component && each.version === device.running,
        );
        if (!facts?.hardware.includes(device.hardware) || isStuck || isLate(device)) continue;
        if (isErratic(device) || device.running === step.version) continue;
        if (device.ready !== step.version)
          broken(`${component}@${version} is shown, and ${device.id} is not ready`);
      }
    }
  }

  /** A pair that the plan puts up with for a while: the app drives the update, and the image lies ready. */
  #isBridged({ component, ready, running }: ModelDevice, app: ComponentVersion): boolean {
    if (ready === null || !this.#isStaged({ component, version: ready })) return false;
    const range = this.#scenario.relation.facts(app.component, app.version)?.bridges?.[component];
    return (
      range !== undefined &&
      satisfies(running, range) &&
      this.#map.phases.some(({ apps }) => apps.some((step) => isSameStep(step, app))) &&
      this.fits(app, { component, version: ready })
    );
  }

  #isStaged({ component, version }: ComponentVersion): boolean {
    return this.#scenario.config.plan.steps.some(
      (step) => step.staged && step.component === component && step.version === version,
    );
  }
}

function isLate({ id }: ModelDevice): boolean {
  return id.includes("-late-");
}

/** Whether something leads on, be it a deed or an effect that is to be done. */
export function isForward(one: { readonly kind: string; readonly rollback?: boolean } | Deed): boolean {
  if (one.kind === "assign") return "assignment" in one ? !one.assignment.rollback : one.rollback === false;
  return ["publish", "publish-app", "expose", "expose-app", "deploy", "deploy-service"].includes(one.kind);
}

function distinct(apps: readonly ComponentVersion[]): ComponentVersion[] {
  return [...new Map(apps.map((app) => [`${app.component}@${app.version}`, app])).values()];
}
