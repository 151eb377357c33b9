import type { ComponentVersion, Relation } from "../../src/compat/relation.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import type { Gate } from "../../src/manifest/release.ts";
import { inCohort } from "../../src/rollout/engine/cohort.ts";
import { assignmentIdOf } from "../../src/rollout/engine/effects.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import { schedulePhases } from "../../src/rollout/engine/schedule.ts";
import { sequentialTest } from "../../src/rollout/engine/sequential-test.ts";
import { hasEnded, type RolloutState } from "../../src/rollout/engine/state.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import type { Deed, ModelWorld } from "./model-world.ts";
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
        if (seen.has(name)) continue;
        seen.add(name);
        if (this.#inField(firmware) && this.#inField(peer)) continue;
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
    for (const { component, version } of this.#firmware()) {
      const waiting = this.#world.waitingFor(
        assignmentIdOf(state.config.rolloutId, { component, version }, false),
      );
      if (waiting.length > 0) broken(`${state.status}, but ${waiting[0]} may still take ${version}`);
    }
    if (state.status === "failed") return;
    for (const [component, { kind, version }] of Object.entries(state.config.resolved.components)) {
      if (kind !== "app") continue;
      const shown = this.#world.shown(component, version);
      if (shown && !shown.halted) broken(`${state.status}, but ${component}@${version} is still offered`);
    }
  }

  /** When a rollout has ended. */
  ended(state: RolloutState): void {
    if (state.status !== "rolled-back") return;
    const view = describeRollout(state);
    const stated = new Set([...view.waiting, ...view.failed].flatMap(({ devices }) => devices));
    for (const { component, id, running } of this.#world.devices) {
      const isOurs = this.#world.deeds.some((deed) => deed.kind === "assign" && deed.device.id === id);
      const target = state.config.resolved.components[component]?.version;
      if (isOurs && running === target && !stated.has(id))
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
    const moved = this.#allWaves()
      .filter((wave) => wave.phaseIndex <= phaseIndex)
      .flatMap(({ firmware }) => firmware);
    for (const component of new Set(moved)) {
      if ((state.config.plan.field[component] ?? []).length === 0) continue;
      const verdict = verdictOf(name, component, state);
      if (verdict !== "pass") broken(`gate ${name} of ${component} is ${verdict}, and the wave is over`);
    }
  }

  /** A gate that fails stops everything, whatever the rollout is doing. */
  #health(state: RolloutState): void {
    if (!["running", "awaiting-approval", "paused"].includes(state.status)) return;
    for (const { firmware, stage } of this.#allWaves().slice(0, this.#entered(state))) {
      for (const name of stage.gates) {
        const failed = firmware.find((component) => verdictOf(name, component, state) === "fail");
        if (failed) broken(`gate ${name} of ${failed} fails, and the rollout is ${state.status}`);
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
      const version = state.config.resolved.components[device.component]?.version ?? "";
      const outcome = this.#world.outcome(
        assignmentIdOf(state.config.rolloutId, { component: device.component, version }, false),
        device.id,
      );
      if (progress.status === "updated") {
        if (device.reported !== version) broken(`${device.id} counts as updated and runs ${device.reported}`);
        const isSilent = nowMs - Math.max(device.lastContactAtMs, outcome?.closedAtMs ?? 0) > silentAfterMs;
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
    { assignment, device }: Deed & { kind: "assign" },
    before: RolloutState,
    after: RolloutState,
  ): void {
    const name = `${device.id} got ${assignment.version}`;
    this.#mayRun(assignment, device, name);
    const facts = this.#scenario.relation.facts(assignment.component, assignment.version);
    if (!facts?.hardware.includes(device.hardware)) broken(`${name}, which has no image for it`);
    if (!this.#scenario.relation.installsOver(assignment, device.reportedVersion ?? "")) {
      broken(`${name}, which does not install over ${device.reportedVersion}`);
    }
    if (device.reportedVersion === assignment.version) broken(`${name}, which it runs`);

    const phases = this.#allWaves();
    const open = phases
      .slice(0, Math.max(this.#entered(before), this.#entered(after)))
      .filter(({ firmware }) => firmware.includes(assignment.component))
      .map(({ selection }) => selection);
    const { product, version } = this.#scenario.config.resolved;
    const inShare = (id: string): boolean =>
      open.some((wave) => wave.kind === "percent" && inCohort(id, `${product}@${version}`, wave.percent));
    if (inShare(device.id)) return;
    const labelled = open.flatMap((wave) => (wave.kind === "label" ? [wave] : []));
    if (!labelled.some(({ label, value }) => device.labels[label] === value))
      broken(`${name} outside its wave`);
    const max = Math.max(...labelled.map((wave) => wave.max ?? Infinity));
    const others = this.#world.deeds.filter(
      (deed) => deed.kind === "assign" && deed.assignment.id === assignment.id && !inShare(deed.device.id),
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
    if (after.devices[device.id]?.from !== assignment.version) broken(`${name}, which it did not run before`);
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

  #firmware(): ComponentVersion[] {
    return Object.entries(this.#scenario.config.resolved.components)
      .filter(([, { kind }]) => kind === "firmware")
      .map(([component, { version }]) => ({ component, version }));
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
    firmware: string[];
  }[] {
    const { plan, resolved, stages } = this.#scenario.config;
    const kindOf = (component: string): ModelKind => resolved.components[component]?.kind ?? "service";
    return schedulePhases(plan, stages, kindOf).flatMap((phase, phaseIndex) =>
      phase.waves.flatMap(({ name, stageIndex, waveIndex }) => {
        const stage = stages[stageIndex];
        const wave = stage?.waves[waveIndex];
        const firmware = phase.introductions
          .map(({ component }) => component)
          .filter((component) => kindOf(component) === "firmware");
        return stage && wave ? [{ name, phaseIndex, stage, selection: wave.devices, firmware }] : [];
      }),
    );
  }
}

function verdictOf(name: string, component: string, { config, devices }: RolloutState): string {
  const gate = config.gates[name];
  if (!gate) return "hold";
  const those = Object.values(devices).filter((device) => device.component === component);
  const bad = those.filter((device) => isBad(gate, device)).length;
  const good = those.filter((device) => isGood(gate, device)).length;
  return sequentialTest(bad, bad + good, gate.limitPercent / 100, gate.alpha);
}

type ModelKind = "app" | "firmware" | "service";
type Progress = RolloutState["devices"][string];

function isBad({ measure }: Gate, { silent, status }: Progress): boolean {
  return measure === "update-failure" ? status === "failed" : status === "updated" && silent;
}

function isGood({ measure }: Gate, { heard, silent, status }: Progress): boolean {
  return status === "updated" && (measure === "update-failure" || (heard && !silent));
}

function isForward(deed: { readonly kind: string; readonly rollback?: boolean }): boolean {
  return ["publish", "publish-app", "expose", "expose-app", "deploy", "deploy-service"].includes(deed.kind)
    ? true
    : deed.kind === "assign" && deed.rollback === false;
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
