import type { Freeze } from "../../../src/manifest/environment.ts";
import { assignmentIdOf } from "../../../src/rollout/engine/effects.ts";
import type { Observed, RolloutEvent } from "../../../src/rollout/engine/events.ts";
import type { FirmwareStep } from "../../../src/rollout/engine/firmware-step.ts";
import { hasEnded, type RolloutState } from "../../../src/rollout/engine/state.ts";
import type { WayBack } from "../../../src/rollout/engine/way-back.ts";
import type { JournalRecord } from "../../../src/rollout/journal/journal.ts";
import { DeedChecker, isForward, type Standing } from "./deed-checker.ts";
import { truthsOf } from "./device-truth.ts";
import { GateTruth } from "./gate-truth.ts";
import { broken } from "./invariant-broken.ts";
import { isErratic, lastWord } from "./model-device.ts";
import type { ModelMetrics } from "./model-metrics.ts";
import type { ModelWorld } from "./model-world.ts";
import { checkNumbers, type Describe } from "./number-checker.ts";
import { PeopleTruth } from "./people-truth.ts";
import { type Attempt, RecordedDevices } from "./recorded-devices.ts";
import { RolloutMap } from "./rollout-map.ts";
import type { Scenario } from "./scenario.ts";
import { WallCalendar } from "./wall-calendar.ts";

const defaultDeadlineMs = 6 * 3_600_000;

/**
 * Looks over the shoulder of a rollout: every record it writes and every deed it does is held
 * against what must be true, judged from the world, the scenario and the people, never from what the
 * engine says of itself.
 */
export class RolloutChecker {
  readonly people: PeopleTruth;
  readonly deeds: DeedChecker;
  readonly #scenario: Scenario;
  readonly #world: ModelWorld;
  readonly #metrics: ModelMetrics;
  readonly #freezes: () => readonly Freeze[];
  readonly #map: RolloutMap;
  readonly #devices: RecordedDevices;
  readonly #gates: GateTruth;
  readonly #calendar = new WallCalendar();
  /** By the number of records. */
  readonly #standings: (Standing | undefined)[] = [];
  readonly #rolloutId: string;
  #wayBack: WayBack | null = null;
  #waveEnteredAtMs = 0;
  /** When its devices had their turn first. */
  #waveStartedAtMs = 0;
  #offeredSinceEntered = false;
  #hasBaked = false;

  constructor(
    scenario: Scenario,
    world: ModelWorld,
    metrics: ModelMetrics,
    rolloutId: string,
    freezes: () => readonly Freeze[],
  ) {
    this.#scenario = scenario;
    this.#world = world;
    this.#metrics = metrics;
    this.#freezes = freezes;
    this.#rolloutId = rolloutId;
    this.#map = new RolloutMap(scenario.config);
    this.#devices = new RecordedDevices(rolloutId);
    this.#gates = new GateTruth(scenario.config, this.#devices);
    this.people = new PeopleTruth(this.#map, this.#devices);
    this.deeds = new DeedChecker(scenario, world, this.#map, this.people, (atMs, entered) =>
      this.#isOpen(atMs, entered - 1),
    );
  }

  /** One record of the journal, between the states before and after it. */
  record(before: RolloutState | null, record: JournalRecord, after: RolloutState): void {
    const { at, effects, event, seq } = record;
    if (event.type === "effect-done" && event.wayBack) this.#wayBack = event.wayBack;
    if (after.status === "rolling-back" && before?.status !== "rolling-back") this.#wayBack = null;
    this.#standings[seq] = {
      status: after.status,
      entered: this.#map.entered(after),
      wayBack: this.#wayBack,
    };
    this.#effectsAreWritten(before, record, after);
    if (before && hasEnded(before.status) && before.status !== after.status) {
      const isAsked =
        event.type === "rollback-requested" || (before.status === "completed" && event.type === "aborted");
      if (!isAsked) broken(`${before.status} became ${after.status}`);
    }
    if (event.type === "observed") {
      this.#look(event, at, after);
      this.#devices.give(event, effects);
      if (event.readings) this.#gates.read(event.readings, this.#metrics.answered);
    } else this.#devices.hear(record);
    this.#waves(before, record, after);
    this.#health(before, record, after);
  }

  /** What somebody said and was not refused. */
  told(event: RolloutEvent, before: RolloutState, after: RolloutState, deedsBefore: number): void {
    this.people.note(event, before, after, deedsBefore);
  }

  /** Everything that was done since the last time. */
  done(): void {
    this.deeds.look(this.#standings);
  }

  /** After a turn that came to its end: no loose ends. `looked`: the last that happened in it was a look and what followed. */
  atRest(state: RolloutState, nowMs: number, looked: boolean): void {
    for (const id of this.deeds.devicesGiven()) {
      if (!Object.hasOwn(state.devices, id)) broken(`${id} was assigned and is not in the books`);
    }
    const isOpen = this.#isOpen(nowMs, this.#map.entered(state) - 1);
    const left = state.pending.find(
      (effect) => !Object.hasOwn(state.refused, effect.key) && (isOpen || !isForward(effect)),
    );
    if (left && state.status !== "paused") broken(`${left.key} was left undone`);
    if (this.people.aborted && state.status !== "aborted") broken(`aborted, but it is ${state.status}`);
    if (looked && !hasEnded(state.status)) this.#truth(nowMs, new Map(), []);
    if (["running", "awaiting-approval", "paused", "completed"].includes(state.status)) return;
    this.#allIsTakenBack(state);
  }

  /** Every number that people are shown is what the records come to. */
  numbers(state: RolloutState, nowMs: number, describe: Describe): void {
    checkNumbers(describe(state, nowMs), state, this.#devices, this.#gates);
  }

  /** When a rollout has ended. */
  ended(state: RolloutState, nowMs: number, describe: Describe): void {
    if (state.status !== "rolled-back") return;
    const view = describe(state, nowMs);
    const stated = new Set([...view.waiting, ...view.failed].flatMap(({ devices }) => devices));
    for (const device of this.#world.devices) {
      const { component, id, running } = device;
      // Who was tried again may still be at what it had failed before.
      if (isErratic(device) || this.people.retriesOf(id) > 0) continue;
      const last = this.deeds.lastUpdate(id);
      const target = last?.assignment.version;
      if (last?.assignment.component === component && running === target && !stated.has(id))
        broken(`${id} stays on ${target} and nobody says so`);
    }
  }

  #effectsAreWritten(before: RolloutState | null, { effects }: JournalRecord, after: RolloutState): void {
    if (before?.pending === after.pending) return;
    const known = new Set(before?.pending.map(({ key }) => key));
    const mayMove = ["running", "awaiting-approval", "paused"].includes(after.status);
    for (const effect of after.pending) {
      // What became less goes by another name, and was written down as a whole.
      const isRest = effect.kind === "assign" && [...known].some((key) => key.includes(effect.assignmentId));
      if (!known.has(effect.key) && !effects.includes(effect.key) && !isRest)
        broken(`effect ${effect.key} is not in the journal`);
      if (mayMove || !isForward(effect)) continue;
      // Devices that were away when all was done are served late, for as long as it does them good.
      const isLate = after.status === "completed" && effect.kind === "assign";
      if (!isLate) broken(`${after.status}, but ${effect.key} is to be done`);
    }
  }

  #look(event: Observed, nowMs: number, after: RolloutState): void {
    const before = this.#devices.see(event);
    if (!hasEnded(after.status) || after.status === "completed") this.#truth(nowMs, before, event.kept);
  }

  /** What the records say of a device is what it did: `before` holds what was said of those who changed. */
  #truth(nowMs: number, before: ReadonlyMap<string, Attempt>, kept: readonly string[]): void {
    const updateDeadlineMs = this.#deadlineMs("update-failure");
    const silenceDeadlineMs = this.#deadlineMs("silent-after-update");
    for (const [id, attempts] of this.#devices.forward) {
      const attempt = attempts.at(-1);
      if (!attempt || this.#devices.back.has(id) || kept.includes(id)) continue;
      const device = this.#world.device(id);
      const truths = truthsOf(before.get(id) ?? attempt, {
        outcome: this.#world.outcome(attempt.assignmentId, id),
        word: lastWord(device),
        updateDeadlineMs,
        silenceDeadlineMs,
        mayBeHeld: this.#mayBeHeld(id, attempt.step),
        nowMs,
      });
      const { heard, silent, status } = attempt;
      const isTrue = truths.some((truth) => {
        if (truth.status !== status) return false;
        return status !== "updated" || (truth.heard === heard && truth.silent === silent);
      });
      if (isTrue) continue;
      const inWords = truths.map((truth) => JSON.stringify(truth)).join(" or ");
      broken(
        `${id} (${device.nature}) is said to be ${JSON.stringify({ status, heard, silent })} and is ${inWords}`,
      );
    }
  }

  #mayBeHeld(id: string, step: FirmwareStep): boolean {
    if (step.staged) return false;
    const { config } = this.#scenario;
    const services = Object.entries(config.resolved.components)
      .filter(([, { kind }]) => kind === "service")
      .flatMap(([component, { version }]) =>
        [...(config.plan.field[component] ?? []), version].map((each) => ({ component, version: each })),
      );
    const peers = [...this.#world.device(id).pairedApps, ...services];
    return peers.some((peer) => !this.deeds.fits(step, peer));
  }

  #deadlineMs(measure: string): number {
    const gates = Object.values(this.#scenario.config.gates).filter((gate) => gate.measure === measure);
    return gates.length > 0 ? Math.min(...gates.map((gate) => gate.deadlineMs)) : defaultDeadlineMs;
  }

  #isOpen(atMs: number, wave: number): boolean {
    return this.#calendar.isOpen(atMs, this.#map.waves[wave]?.stage.windows, this.#freezes());
  }

  #waves(before: RolloutState | null, { at, effects, event }: JournalRecord, after: RolloutState): void {
    const { waves } = this.#map;
    const from = before ? this.#map.entered(before) : 0;
    const until = this.#map.entered(after);
    if (until < from) broken("a wave was taken back");
    const gives = effects.filter((key) => key.startsWith("assign:") && !key.includes(":back:"));
    if (event.type !== "observed") {
      if (until > from && event.type !== "started")
        broken(`${waves[from]?.name} began with ${event.type}, without a look`);
      if (gives.length > 0) broken(`${gives[0]} was decided without a look`);
    }
    if (gives.length > 0 && !this.#isOpen(at, from - 1))
      broken(`${gives[0]} was decided while nothing may begin`);
    if (event.type === "observed" && before) this.#seeOffer(before, from - 1, at);
    if (gives.length > 0 && before?.status === "completed") this.#mayEnd(from - 1);
    if (event.type === "observed") this.#seeBaking(from - 1, at);
    for (let index = from; index < until; index++) {
      const wave = waves[index];
      if (!wave) continue;
      if (index > 0) this.#wasOver(index - 1);
      const people = this.people.approvals(wave.stage.name);
      if (people === null) broken(`${wave.name} began although somebody said no`);
      if (people < wave.stage.approvalsRequired) broken(`${wave.name} began with ${people} approvals`);
      if (!this.#isOpen(at, index)) broken(`${wave.name} began while nothing may begin`);
      this.#waveStartedAtMs = at;
      this.#waveEnteredAtMs = at;
      this.#offeredSinceEntered = false;
      this.#hasBaked = false;
      this.#gates.beginWave();
    }
    if (after.status === "completed" && before?.status !== "completed") this.#wasOver(until - 1);
    this.#readingsAreFresh(from, until, at);
  }

  /** A wave lasts from the first look that could give its devices anything. */
  #seeOffer(before: RolloutState, index: number, nowMs: number): void {
    const mayGive = before.status === "running" || before.status === "awaiting-approval";
    const deploys = before.pending.some(({ kind }) => kind === "deploy-service");
    if (this.#offeredSinceEntered || !before.waveEntered || !mayGive || deploys) return;
    if (!this.#isOpen(nowMs, index)) return;
    this.#offeredSinceEntered = true;
    this.#waveEnteredAtMs = this.#waveStartedAtMs;
    this.#waveStartedAtMs = nowMs;
  }

  /** Between the end of a wave and the begin of the next, clocks may be put back. */
  #seeBaking(index: number, nowMs: number): void {
    const bakeMs = this.#map.waves[index]?.stage.bakeMs ?? 0;
    if (!this.#offeredSinceEntered) return;
    this.#hasBaked ||= nowMs - this.#waveStartedAtMs >= bakeMs || this.people.hasSkipped(index);
  }

  #wasOver(index: number): void {
    const wave = this.#map.waves[index];
    if (!wave) return;
    if (!this.#offeredSinceEntered) broken(`${wave.name} ended before anybody was offered it`);
    if (!this.#hasBaked) broken(`${wave.name} did not bake`);
    this.#mayEnd(index);
  }

  /** All gates of a wave pass: those that were measured, and for each firmware those that count devices. */
  #mayEnd(index: number): void {
    const wave = this.#map.waves[index];
    const { config } = this.#scenario;
    for (const name of wave?.stage.gates ?? []) {
      const gate = config.gates[name];
      if (gate?.dryRun) continue;
      if (!gate) broken(`there is no gate ${name}, and the wave is over`);
      if (gate.measure === "metric" || gate.measure === "count") {
        if (!this.#isAbout(gate.component, index + 1)) continue;
        const verdict = this.#gates.ofMetric(name, gate);
        if (verdict !== "pass") broken(`gate ${name} is ${verdict}, and the wave is over`);
        continue;
      }
      const moved = this.#map.phasesBegun(index + 1).flatMap(({ firmware }) => firmware);
      for (const step of moved) {
        // What has to be proved is the version of the release, not those on the way to it.
        if (step.version !== config.resolved.components[step.component]?.version) continue;
        if ((config.plan.field[step.component] ?? []).length === 0) continue;
        if (step.staged && gate.measure === "silent-after-update") continue;
        const verdict = this.#gates.ofDevices(gate, step);
        if (verdict !== "pass")
          broken(`gate ${name} of ${step.component}@${step.version} is ${verdict}, and the wave is over`);
      }
    }
  }

  /** Whether what a query is about may run somewhere because of the rollout. */
  #isAbout(component: string | null, entered: number): boolean {
    const begun = this.#map.phasesBegun(entered).flatMap(({ introductions }) => introductions);
    if (component === null) return begun.length > 0;
    const released = this.#scenario.config.resolved.components[component]?.version;
    return begun.some((step) => step.component === component && step.version === released && !step.staged);
  }

  /** Whoever goes on has asked the metrics as often as was agreed. */
  #readingsAreFresh(from: number, until: number, nowMs: number): void {
    if (until === from) return;
    for (const name of this.#map.waves[from - 1]?.stage.gates ?? []) {
      const gate = this.#scenario.config.gates[name];
      if (gate?.dryRun || (gate?.measure !== "metric" && gate?.measure !== "count")) continue;
      if (!this.#isAbout(gate.component, from)) continue;
      if (Math.abs(nowMs - this.#gates.lastRead(name).askedAtMs) > gate.everyMs)
        broken(`gate ${name} was not asked for longer than ${gate.everyMs} ms`);
    }
  }

  /** A gate that fails stops everything, whatever the rollout is doing, and nothing else does. */
  #health(before: RolloutState | null, { at, event }: JournalRecord, after: RolloutState): void {
    const goesOn = (status: RolloutState["status"]): boolean =>
      status === "running" || status === "awaiting-approval" || status === "paused";
    const entered = this.#map.entered(after);
    if (goesOn(after.status)) {
      const failed = this.#gatesInForce(entered).find((name) => this.#fails(name, entered, at, event.type));
      if (failed) broken(`gate ${failed} fails, and the rollout is ${after.status}`);
      return;
    }
    const gate = after.failure?.gate;
    if (!before || !goesOn(before.status) || gate == null) return;
    if (this.#scenario.config.gates[gate]?.dryRun)
      broken(`gate ${gate} is a dry run, and stopped the rollout`);
    if (!this.#fails(gate, entered, at, event.type) && !this.#isOverdue(gate, at, this.#waveEnteredAtMs))
      broken(`gate ${gate} does not fail, and the rollout is ${after.status} for it`);
  }

  #gatesInForce(entered: number): string[] {
    const names = this.#map.waves.slice(0, entered).flatMap(({ stage }) => stage.gates);
    return [...new Set(names)].filter((name) => !this.#scenario.config.gates[name]?.dryRun);
  }

  #fails(name: string, entered: number, nowMs: number, type: RolloutEvent["type"]): boolean {
    const gate = this.#scenario.config.gates[name];
    if (!gate) return false;
    if (gate.measure === "metric" || gate.measure === "count") {
      if (!this.#isAbout(gate.component, entered)) return false;
      const verdict = this.#gates.ofMetric(name, gate);
      if (verdict === "fail") return true;
      // Only a look knows what time it is.
      return (
        verdict === "hold" && type === "observed" && gate.noData === "fail" && this.#isOverdue(name, nowMs)
      );
    }
    const firmware = this.#map.phasesBegun(entered).flatMap((phase) => phase.firmware);
    return firmware.some(
      (step) =>
        !(step.staged && gate.measure === "silent-after-update") &&
        this.#gates.ofDevices(gate, step) === "fail",
    );
  }

  #isOverdue(name: string, nowMs: number, fromMs = this.#waveStartedAtMs): boolean {
    const gate = this.#scenario.config.gates[name];
    const sinceMs = Math.max(this.#gates.lastRead(name).dataAtMs, fromMs);
    return gate?.noData === "fail" && nowMs - sinceMs > gate.deadlineMs;
  }

  #allIsTakenBack(state: RolloutState): void {
    const begun = this.#map.phasesBegun(this.#map.entered(state));
    const ids = new Set([...this.#devices.forward.values()].flat().map(({ assignmentId }) => assignmentId));
    for (const step of begun.flatMap(({ firmware }) => firmware))
      ids.add(assignmentIdOf(this.#rolloutId, step, false));
    for (const id of ids) {
      const [waiting] = this.#world.waitingFor(id);
      if (waiting !== undefined) broken(`${state.status}, but ${waiting} may still take ${id}`);
    }
    if (this.people.aborted) {
      for (const [id, { assignmentId, step }] of this.#devices.back) {
        if (this.#world.waitingFor(assignmentId).includes(id))
          broken(`aborted, but ${id} may go back to ${step.version}`);
      }
    }
    if (state.status === "failed" || this.people.leavesApps) return;
    for (const [index, { apps }] of begun.entries()) {
      for (const { component, version } of apps) {
        const shown = this.#world.shown(component, version);
        // Where what it replaced has left the field, stores must not fall back to that.
        const retired = begun.slice(index + 1).flatMap(({ after }) => after);
        const mustStay = retired.some((step) => step.component === component);
        const isRefused = Object.hasOwn(state.refused, `halt:${component}@${version}`);
        if (shown && !isRefused && shown.halted === mustStay)
          broken(`${state.status}, and ${component}@${version} is ${mustStay ? "not " : ""}offered any more`);
      }
    }
  }
}
