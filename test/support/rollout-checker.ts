import type { ComponentVersion, Relation } from "../../src/compat/relation.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { satisfies } from "../../src/compat/versions.ts";
import type { PlanStep } from "../../src/planner/plan.ts";
import type { DeviceGate } from "../../src/manifest/release.ts";
import { inCohort } from "../../src/rollout/engine/cohort.ts";
import { assignmentIdOf } from "../../src/rollout/engine/effects.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import { schedulePhases } from "../../src/rollout/engine/schedule.ts";
import { type FirmwareStep, isSameStep } from "../../src/rollout/engine/firmware-step.ts";
import { sequentialTest } from "../../src/rollout/engine/sequential-test.ts";
import { hasEnded, type RolloutState } from "../../src/rollout/engine/state.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import type { Deed, ModelDevice, ModelWorld } from "./model-world.ts";
import type { Scenario } from "./rollout-scenario.ts";

/** Something that must hold at every instant did not. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

/** What the people at the keyboard have asked for and were given. */
export interface Wishes {
  paused: boolean;
  aborted: boolean;
  /** Nothing had been done when the abort came. */
  untouched: boolean;
  readonly approvals: { stage: string; by: string }[];
}

/**
 * Looks over the shoulder of a rollout: every record it writes and every deed it does is held
 * against what must be true, judged from the world and from the scenario, never from what the
 * engine says of itself.
 */
export class RolloutChecker {
  readonly wishes: Wishes = { paused: false, aborted: false, untouched: false, approvals: [] };
  readonly #scenario: Scenario;
  readonly #world: ModelWorld;
  readonly #verdicts = new Map<string, boolean>();
  readonly #test = rememberedTest();
  /** By the number of records. */
  readonly #statusAfter: (RolloutState["status"] | null)[] = [null];
  #deedsSeen = 0;
  #waveEnteredAtMs = 0;
  #lookedSinceEntered = false;

  constructor(scenario: Scenario, world: ModelWorld) {
    this.#scenario = scenario;
    this.#world = world;
  }

  /** One record of the journal, between the states before and after it. */
  record(before: RolloutState | null, record: JournalRecord, after: RolloutState): void {
    this.#statusAfter[record.seq] = after.status;
    const known = new Set(before?.pending.map(({ key }) => key));
    for (const { key } of after.pending) {
      if (!known.has(key) && !record.effects.includes(key)) broken(`effect ${key} is not in the journal`);
    }
    if (before && hasEnded(before.status) && before.status !== after.status) {
      if (record.event.type !== "rollback-requested") broken(`${before.status} became ${after.status}`);
    }
    const mayMove = ["running", "awaiting-approval", "paused"].includes(after.status);
    for (const effect of after.pending) {
      if (mayMove || !isForward(effect)) continue;
      // Devices that were away when all was done are served late.
      const isLate = after.status === "completed" && effect.kind === "assign";
      if (!isLate) broken(`${after.status}, but ${effect.key} is to be done`);
      const last = this.#allWaves().at(-1);
      if (before?.pending.length === 0)
        for (const gate of last?.stage.gates ?? []) this.#mustPass(gate, after, last?.phaseIndex ?? 0);
    }
    this.#waves(before, record, after);
    if (record.event.type === "observed") this.#truth(after, record.at, record.event.kept);
    this.#health(after);
  }

  /** What was done since the last time, in a turn that began with `before` and ended with `after`. */
  deeds(before: RolloutState, after: RolloutState): void {
    const fresh = this.#world.deeds.slice(this.#deedsSeen);
    this.#deedsSeen = this.#world.deeds.length;
    if (this.wishes.untouched && fresh.length > 0) broken("an abort before the beginning changed something");
    for (const deed of fresh) {
      const forward = isForward(deed.kind === "assign" ? { kind: "assign", ...deed.assignment } : deed);
      if (forward && this.wishes.paused) broken(`paused, but ${deed.kind} was done`);
      if (forward && this.wishes.aborted) broken(`aborted, but ${deed.kind} was done`);
      const status = this.#statusAfter[deed.afterRecord];
      const isLate = status === "completed" && deed.kind === "assign";
      if (forward && status !== "running" && status !== "awaiting-approval" && !isLate)
        broken(`${status}, but ${deed.kind} was done`);
      if (deed.kind === "expose") this.#mayShow(deed);
      if (deed.kind !== "assign") continue;
      if (deed.assignment.rollback) this.#mayReturn(deed, before, after);
      else this.#mayTake(deed, before, after);
    }
  }

  /** Who meets whom, now: nobody may meet what does not fit because of us. */
  pairs(): void {
    const everybody = this.#scenario.config.pairing === "arbitrary";
    const apps = everybody ? this.#world.devices.flatMap(({ phones }) => phones) : [];
    const services = Object.entries(this.#world.services).map(([component, version]) => ({
      component,
      version,
    }));
    const seen = new Set<string>();
    for (const device of this.#world.devices) {
      // What a device does to itself after it had reported the new version is nobody's plan.
      if (device.nature === "falls-back") continue;
      const firmware = { component: device.component, version: device.running };
      for (const peer of [...(everybody ? apps : device.phones), ...services]) {
        const name = `${firmware.component}@${firmware.version} and ${peer.component}@${peer.version}`;
        if (seen.has(`${name} ${device.ready}`)) continue;
        seen.add(`${name} ${device.ready}`);
        if (this.#inField(firmware) && this.#inField(peer)) continue;
        if (this.#isBridged(device, peer)) continue;
        if (!this.fits(firmware, peer)) broken(`${name} meet on ${device.id} and do not fit`);
      }
    }
  }

  /** After a turn that nothing interrupted: no loose ends. */
  atRest(state: RolloutState): void {
    for (const deed of this.#world.deeds) {
      if (deed.kind !== "assign" || deed.assignment.rollback) continue;
      if (!(deed.device.id in state.devices))
        broken(`${deed.device.id} was assigned and is not in the books`);
    }
    if (state.pending.length > 0 && state.status !== "paused")
      broken(`${state.pending[0]?.key} was left undone`);
    if (this.wishes.aborted && state.status !== "aborted") broken(`aborted, but it is ${state.status}`);
    if (["running", "awaiting-approval", "paused", "completed"].includes(state.status)) return;
    const begun = this.#phases().filter((phase) => phase.begunIn(state));
    for (const step of begun.flatMap(({ firmware }) => firmware)) {
      const again = begun.map((_, phase) => ({ ...step, again: phase }));
      const waiting = [step, ...again].flatMap((each) =>
        this.#world.waitingFor(assignmentIdOf(state.config.rolloutId, each, false)),
      );
      if (waiting.length > 0) broken(`${state.status}, but ${waiting[0]} may still take ${step.version}`);
    }
    if (state.status === "failed") return;
    for (const [index, { apps }] of begun.entries()) {
      for (const { component, version } of apps) {
        const shown = this.#world.shown(component, version);
        // Where what it replaced has left the field, stores must not fall back to that.
        const retired = begun.slice(index + 1).flatMap(({ after }) => after);
        const mustStay = retired.some((step) => step.component === component);
        if (shown && shown.halted === mustStay)
          broken(`${state.status}, and ${component}@${version} is ${mustStay ? "not " : ""}offered any more`);
      }
    }
  }

  /** When a rollout has ended. */
  ended(state: RolloutState): void {
    if (state.status !== "rolled-back") return;
    const view = describeRollout(state, 0);
    const stated = new Set([...view.waiting, ...view.failed].flatMap(({ devices }) => devices));
    for (const { component, id, running } of this.#world.devices) {
      const last = this.#lastUpdate(id);
      const target = last?.assignment.version;
      if (last?.assignment.component === component && running === target && !stated.has(id))
        broken(`${id} stays on ${target} and nobody says so`);
    }
  }

  /** Whether two versions fit, remembered. */
  fits(a: ComponentVersion, b: ComponentVersion): boolean {
    return remembered(this.#verdicts, this.#scenario.relation, a, b);
  }

  #waves(before: RolloutState | null, { at, event }: JournalRecord, after: RolloutState): void {
    const waves = this.#allWaves();
    const from = before ? this.#entered(before) : 0;
    const until = this.#entered(after);
    if (until < from) broken("a wave was taken back");
    if (event.type === "observed" && before?.waveEntered) this.#lookedSinceEntered = true;
    for (let index = from; index < until; index++) {
      const left = waves[index - 1];
      const wave = waves[index];
      if (!wave) continue;
      if (left) {
        if (!this.#lookedSinceEntered) broken(`${left.name} ended before anybody was offered it`);
        if (at - this.#waveEnteredAtMs < left.stage.bakeMs) broken(`${left.name} did not bake`);
        for (const gate of left.stage.gates) this.#mustPass(gate, after, left.phaseIndex);
      }
      const people = new Set(
        this.wishes.approvals.filter(({ stage }) => stage === wave.stage.name).map(({ by }) => by),
      );
      if (people.size < wave.stage.approvalsRequired) broken(`${wave.name} began without its approvals`);
      this.#waveEnteredAtMs = at;
      this.#lookedSinceEntered = false;
    }
  }

  #mustPass(name: string, state: RolloutState, phaseIndex: number): void {
    const moved = this.#phases()
      .slice(0, phaseIndex + 1)
      .flatMap(({ firmware }) => firmware);
    for (const step of moved) {
      // What has to be proved is the version of the release, not those on the way to it.
      if (step.version !== state.config.resolved.components[step.component]?.version) continue;
      if ((state.config.plan.field[step.component] ?? []).length === 0) continue;
      const isMute = step.staged && state.config.gates[name]?.measure === "silent-after-update";
      const verdict = verdictOf(name, step, state, this.#test);
      if (verdict !== "pass" && !isMute)
        broken(`gate ${name} of ${step.component}@${step.version} is ${verdict}, and the wave is over`);
    }
  }

  /** A gate that fails stops everything, whatever the rollout is doing. */
  #health(state: RolloutState): void {
    if (!["running", "awaiting-approval", "paused"].includes(state.status)) return;
    for (const { firmware, stage } of this.#allWaves().slice(0, this.#entered(state))) {
      for (const name of stage.gates) {
        const failed = firmware.find((step) => verdictOf(name, step, state, this.#test) === "fail");
        if (failed) broken(`gate ${name} of ${failed.version} fails, and the rollout is ${state.status}`);
      }
    }
  }

  /** What the books say of a device is what the device last said of itself. */
  #truth(state: RolloutState, nowMs: number, kept: readonly string[]): void {
    const deadlines = Object.values(state.config.gates).filter(
      ({ measure }) => measure === "silent-after-update",
    );
    const silentAfterMs = Math.min(...deadlines.map(({ deadlineMs }) => deadlineMs));
    for (const device of this.#world.devices) {
      const progress = state.devices[device.id];
      if (!progress || device.id in state.returning || kept.includes(device.id)) continue;
      const { version } = progress;
      const outcome = this.#world.outcome(assignmentIdOf(state.config.rolloutId, progress, false), device.id);
      if (progress.staged) {
        if (progress.status === "updated" && device.ready !== version)
          broken(`${device.id} counts as ready for ${version} and keeps ${device.ready}`);
        continue;
      }
      if (progress.status === "updated") {
        if (device.reported !== version) broken(`${device.id} counts as updated and runs ${device.reported}`);
        const closedAtMs = outcome?.closedAtMs ?? 0;
        const quietSinceMs = Math.max(device.lastContactAtMs, closedAtMs);
        const isSilent = quietSinceMs - closedAtMs < silentAfterMs && nowMs - quietSinceMs > silentAfterMs;
        if (isSilent !== progress.silent)
          broken(`${device.id} is silent: ${isSilent}, ${progress.silent} in the books`);
      }
      const hasLied =
        outcome?.state === "succeeded" &&
        device.reported !== version &&
        device.reportedAtMs > (outcome.closedAtMs ?? Infinity);
      if (hasLied && progress.status !== "failed") broken(`${device.id} lied and is ${progress.status}`);
      if (outcome?.state === "pending" && progress.status !== "assigned")
        broken(`${device.id} sleeps and is ${progress.status}`);
    }
  }

  #mayTake(
    { assignment, device, staged }: Deed & { kind: "assign" },
    before: RolloutState,
    after: RolloutState,
  ): void {
    const name = `${device.id} got ${assignment.version}${staged ? " to keep" : ""}`;
    const { component } = assignment;
    const step: FirmwareStep = { component, version: assignment.version, ...(staged && { staged }) };
    if (!staged) this.#mayRun(assignment, device, name);
    this.#leadsOn(step, device, name);
    const facts = this.#scenario.relation.facts(assignment.component, assignment.version);
    if (!facts?.hardware.includes(device.hardware)) broken(`${name}, which has no image for it`);
    if (!this.#scenario.relation.installsOver(assignment, device.reportedVersion ?? "")) {
      broken(`${name}, which does not install over ${device.reportedVersion}`);
    }
    if (device.reportedVersion === assignment.version) broken(`${name}, which it runs`);

    const phases = this.#allWaves();
    const open = phases
      .slice(0, Math.max(this.#entered(before), this.#entered(after)))
      .filter(({ firmware }) => firmware.some((each) => isSameStep(each, step)))
      .map(({ selection }) => selection);
    const { product, version } = this.#scenario.config.resolved;
    const inShare = (id: string): boolean =>
      open.some((wave) => wave.kind === "percent" && inCohort(id, `${product}@${version}`, wave.percent));
    // Whose app has moved already waits for no wave: the app was its wave.
    const isDriven = (those: Device): boolean =>
      !staged &&
      open.length > 0 &&
      this.#isStaged(step) &&
      those.pairedApps.some((app) => !this.fits({ component, version: those.reportedVersion ?? "" }, app));
    if (inShare(device.id) || isDriven(device)) return;
    const labelled = open.flatMap((wave) => (wave.kind === "label" ? [wave] : []));
    if (!labelled.some(({ label, value }) => device.labels[label] === value))
      broken(`${name} outside its wave`);
    const max = Math.max(...labelled.map((wave) => wave.max ?? Infinity));
    const others = this.#world.deeds.filter(
      (deed) =>
        deed.kind === "assign" &&
        deed.assignment.id === assignment.id &&
        !inShare(deed.device.id) &&
        !isDriven(deed.device),
    );
    if (others.length > max) broken(`${name} as number ${others.length} of at most ${max}`);
  }

  #mayReturn(
    { assignment, device }: Deed & { kind: "assign" },
    before: RolloutState,
    after: RolloutState,
  ): void {
    const name = `${device.id} went back to ${assignment.version}`;
    if (before.status !== "rolling-back" && after.status !== "rolling-back") broken(`${name} unasked`);
    if (this.#lastUpdate(device.id)?.device.reportedVersion !== assignment.version)
      broken(`${name}, which it did not run before`);
    this.#mayRun(assignment, device, name);
    if (this.#scenario.config.pairing === "observed") return;
    for (const { phones } of this.#world.devices) {
      for (const app of phones) {
        if (this.#inField(app) && this.#inField(assignment)) continue;
        if (!this.fits(assignment, app)) broken(`${name}, which may meet ${app.component}@${app.version}`);
      }
    }
  }

  #mayRun(assignment: ComponentVersion, device: Device, name: string): void {
    const services = Object.entries(this.#world.services).map(([component, version]) => ({
      component,
      version,
    }));
    for (const peer of [...device.pairedApps, ...services]) {
      if (!this.fits(assignment, peer))
        broken(`${name}, which does not fit ${peer.component}@${peer.version}`);
    }
  }

  #inField({ component, version }: ComponentVersion): boolean {
    return this.#scenario.config.plan.field[component]?.includes(version) ?? false;
  }

  /** A step takes a device on: to nothing that it had, and to nothing that does not lead to the target. */
  #leadsOn(step: FirmwareStep, device: Device, name: string): void {
    const { hardware, id, reportedVersion } = device;
    const { relation } = this.#scenario;
    const target = this.#scenario.config.resolved.components[step.component]?.version ?? "";
    if (reportedVersion === target) broken(`${name}, but ran the target`);
    const before = this.#world.deeds.filter(
      (deed) => deed.kind === "assign" && !deed.assignment.rollback && deed.device.id === id,
    ) as (Deed & { kind: "assign" })[];
    const previous = before.slice(0, -1).findLast((deed) => !deed.staged);
    const ended = previous && this.#world.outcome(previous.assignment.id, id);
    if (ended && ended.state !== "canceled") {
      const heardSince = (device.lastContactAtMs ?? 0) > (ended.closedAtMs ?? Infinity);
      if (ended.state !== "succeeded" || !heardSince)
        broken(`${name} before ${previous.assignment.version} was good`);
    }
    const had = before.filter(
      ({ assignment }) =>
        assignment.version === step.version && this.#world.outcome(assignment.id, id)?.state !== "canceled",
    );
    if (had.length > (this.#isStaged(step) && !step.staged ? 2 : 1)) broken(`${name} once more`);
    const steps = this.#phases().flatMap(({ firmware }) => firmware);
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
    const phases = this.#phases();
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
        if (!facts?.hardware.includes(device.hardware) || isStuck) continue;
        // What a device does to itself is nobody's plan.
        if (device.nature === "falls-back" || device.running === step.version) continue;
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
      this.#phases().some(({ apps }) => apps.some((step) => isSameStep(step, app))) &&
      this.fits(app, { component, version: ready })
    );
  }

  #isStaged({ component, version }: ComponentVersion): boolean {
    return this.#scenario.config.plan.steps.some(
      (step) => step.staged && step.component === component && step.version === version,
    );
  }

  /** The last that a device was given to run, on the way forward, and that was not taken back. */
  #lastUpdate(deviceId: string): (Deed & { kind: "assign" }) | undefined {
    return this.#world.deeds.findLast(
      (deed): deed is Deed & { kind: "assign" } =>
        deed.kind === "assign" &&
        !deed.staged &&
        !deed.assignment.rollback &&
        deed.device.id === deviceId &&
        this.#world.outcome(deed.assignment.id, deviceId)?.state !== "canceled",
    );
  }

  #phases(): {
    after: readonly PlanStep[];
    apps: readonly PlanStep[];
    firmware: readonly PlanStep[];
    begunIn: (state: RolloutState) => boolean;
  }[] {
    const { plan, resolved, stages } = this.#scenario.config;
    const kindOf = (component: string): ModelKind => resolved.components[component]?.kind ?? "service";
    return schedulePhases(plan, stages, kindOf).map(({ after, introductions }, index) => ({
      after,
      apps: introductions.filter(({ component }) => kindOf(component) === "app"),
      firmware: introductions.filter(({ component }) => kindOf(component) === "firmware"),
      begunIn: ({ phaseIndex, waveEntered, waveIndex }) =>
        index < phaseIndex || (index === phaseIndex && (waveEntered || waveIndex > 0)),
    }));
  }

  /** How many waves were entered, over all phases. */
  #entered({ phaseIndex, waveEntered, waveIndex }: RolloutState): number {
    const earlier = this.#allWaves().filter((wave) => wave.phaseIndex < phaseIndex).length;
    return earlier + waveIndex + (waveEntered ? 1 : 0);
  }

  #allWaves(): {
    name: string;
    phaseIndex: number;
    stage: Scenario["config"]["stages"][number];
    selection: Scenario["config"]["stages"][number]["waves"][number]["devices"];
    firmware: readonly PlanStep[];
  }[] {
    const { plan, resolved, stages } = this.#scenario.config;
    const kindOf = (component: string): ModelKind => resolved.components[component]?.kind ?? "service";
    return schedulePhases(plan, stages, kindOf).flatMap((phase, phaseIndex) =>
      phase.waves.flatMap(({ name, stageIndex, waveIndex }) => {
        const stage = stages[stageIndex];
        const wave = stage?.waves[waveIndex];
        const firmware = phase.introductions.filter(({ component }) => kindOf(component) === "firmware");
        return stage && wave ? [{ name, phaseIndex, stage, selection: wave.devices, firmware }] : [];
      }),
    );
  }
}

function verdictOf(
  name: string,
  step: FirmwareStep,
  { config, devices }: RolloutState,
  ask: typeof sequentialTest,
): string {
  const gate = config.gates[name];
  if (!gate || gate.measure === "metric" || gate.measure === "count") return "hold";
  const those = Object.values(devices)
    .flatMap(goneThrough)
    .filter((device) => isSameStep(device, step));
  const bad = those.filter((device) => isBad(gate, device)).length;
  const good = those.filter((device) => isGood(gate, device)).length;
  return ask(bad, bad + good, gate.limitPercent / 100, gate.alpha);
}

function goneThrough(progress: Progress): Progress[] {
  const earlier = progress.earlier ? goneThrough(progress.earlier) : [];
  return progress.retry === undefined ? [progress, ...earlier] : earlier;
}

type ModelKind = "app" | "firmware" | "service";
type Progress = RolloutState["devices"][string];

function isBad({ measure }: DeviceGate, { silent, status }: Progress): boolean {
  return measure === "update-failure" ? status === "failed" : status === "updated" && silent;
}

function isGood({ measure }: DeviceGate, { heard, silent, status }: Progress): boolean {
  return status === "updated" && (measure === "update-failure" || (heard && !silent));
}

function isForward(deed: { readonly kind: string; readonly rollback?: boolean }): boolean {
  return ["publish", "publish-app", "expose", "expose-app", "deploy", "deploy-service"].includes(deed.kind)
    ? true
    : deed.kind === "assign" && deed.rollback === false;
}

/** The test of few devices is asked very often, and takes most of the time. */
function rememberedTest(): typeof sequentialTest {
  const verdicts = new Map<string, ReturnType<typeof sequentialTest>>();
  return (...args) => {
    const key = args.join(" ");
    const known = verdicts.get(key) ?? sequentialTest(...args);
    verdicts.set(key, known);
    return known;
  };
}

function remembered(
  verdicts: Map<string, boolean>,
  relation: Relation,
  a: ComponentVersion,
  b: ComponentVersion,
): boolean {
  const key = `${a.component}@${a.version} ${b.component}@${b.version}`;
  let fits = verdicts.get(key);
  if (fits === undefined) {
    fits = relation.verdict(a, b).kind === "compatible";
    verdicts.set(key, fits);
  }
  return fits;
}

function broken(what: string): never {
  throw new InvariantBroken(what);
}
