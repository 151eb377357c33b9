import type { Relation } from "../../../src/compat/relation.ts";
import type { Device, DeviceOutcome } from "../../../src/fleet/fleet-backend.ts";
import { decide, nextEffect } from "../../../src/rollout/engine/decide.ts";
import { assignmentIdOf } from "../../../src/rollout/engine/effects.ts";
import type { RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { approvalsMissing } from "../../../src/rollout/engine/approvals.ts";
import { kindOf, phasesOf } from "../../../src/rollout/engine/release-kinds.ts";
import { retirementsMissing } from "../../../src/rollout/engine/retirement.ts";
import type { Snapshot } from "../../../src/rollout/engine/snapshot.ts";
import { type RolloutConfig, type RolloutState, hasEnded } from "../../../src/rollout/engine/state.ts";
import { survey } from "../../../src/rollout/engine/survey.ts";
import { carryOut } from "../../../src/simulation/release/carry-out.ts";
import { activity } from "../../../src/simulation/release/activity.ts";
import { GuardQueues } from "../../../src/simulation/release/guard-queues.ts";
import type { RolloutParts, SiteRollout } from "../../../src/simulation/release/rollout-at-sites.ts";
import type { People } from "../../../src/simulation/release/people.ts";
import { countSites } from "../../../src/simulation/release/site-counts.ts";
import type { SiteWorld } from "../../../src/simulation/release/site-world.ts";
import { deviceId } from "../../../src/simulation/release/sites.ts";

/**
 * A rollout over the same sites as `iotctl release` would carry it out: every device is a record,
 * `survey` looks at all of them and `decide` assigns one by one. It shares the sites with the fast way,
 * and nothing of what decides.
 */
export class RolloutOneByOne implements SiteRollout {
  /** What the fast way notes on top; no part of what is compared. */
  readonly moments = [];
  readonly queues = new GuardQueues(0);
  readonly #config: RolloutConfig;
  readonly #relation: Relation;
  readonly #world: SiteWorld;
  readonly #people: People;
  readonly #canaries: ReadonlySet<number>;
  #state: RolloutState;

  constructor(options: RolloutParts) {
    this.#config = options.config;
    this.#relation = options.relation;
    this.#world = options.world;
    this.#people = options.people;
    this.#canaries = new Set(options.labelled.with("ring", "canary"));
    const { state } = decide(null, { type: "started", config: options.config }, 0);
    if (!state) throw new Error("a rollout that was started has a state");
    this.#state = state;
  }

  get state(): RolloutState {
    return this.#state;
  }

  get isOver(): boolean {
    return hasEnded(this.#state.status)
      ? this.#state.status !== "completed"
      : this.#state.status === "rolling-back";
  }

  turn(): void {
    if (this.isOver) return;
    const world = this.#world;
    this.#people.show(world.nowS, world);
    this.#take(survey(this.#state, this.#snapshot(), this.#relation, world.nowS * 1000));
    this.#settle();
    this.#askPeople();
  }

  #take(event: RolloutEvent): void {
    const next = decide(this.#state, event, this.#world.nowS * 1000).state;
    if (!next) throw new Error("a rollout does not lose its state");
    this.#state = next;
  }

  #settle(): void {
    for (let count = 0; count < 1000; count++) {
      const effect = nextEffect(this.#state, 0);
      if (!effect) return;
      carryOut(effect, this.#config, this.#world, this.#people);
      this.#take({ type: "effect-done", key: effect.key });
    }
    throw new Error("the rollout does not come to rest");
  }

  #askPeople(): void {
    const { phaseIndex, status, waveEntered, waveIndex } = this.#state;
    const phase = phasesOf(this.#config)[phaseIndex];
    if (!phase) return;
    const stage = this.#config.stages[phase.waves[waveIndex]?.stageIndex ?? -1]?.name ?? "";
    const { nowS } = this.#world;
    if (this.#people.approves(status === "awaiting-approval" ? stage : null, nowS)) {
      const missing = approvalsMissing(this.#state, phase);
      for (let person = 1; person <= missing; person++) {
        const { planDigest } = this.#config;
        this.#take({ type: "approved", stage, planDigest, by: `person-${person}`, reason: "" });
      }
      this.#settle();
    }
    if (waveEntered || waveIndex > 0 || this.#state.status !== "running") return;
    for (const { component, floor } of retirementsMissing(this.#state, phase)) {
      if (floor === undefined || kindOf(this.#config, component) !== "app") continue;
      this.#people.raises({ component, version: floor }, nowS, this.#world);
    }
  }

  #snapshot(): Snapshot {
    const { lineup, sites } = this.#world;
    const counts = countSites(this.#world).apps;
    const installed: Record<string, Record<string, number>> = {};
    for (const [number, { component, version }] of lineup.apps.entries()) {
      if (number > 0 && counts[number]! > 0) (installed[component] ??= {})[version] = counts[number]!;
    }
    const devices: Device[] = [];
    const outcomes: Record<string, DeviceOutcome[]> = {};
    for (let site = 0; site < sites.count; site++) {
      const device = this.#device(site);
      devices.push(device);
      const outcome = this.#outcome(site, device);
      if (outcome) (outcomes[outcome.assignmentId] ??= []).push(outcome.outcome);
    }
    return { devices, outcomes, installed };
  }

  #device(site: number): Device {
    const { devices, lineup, nowS, sites } = this.#world;
    const app = sites.pairedApp[site]!;
    const doing = devices.activity[site]!;
    return {
      id: deviceId(site),
      hardware: lineup.models[sites.model[site]!]!,
      labels: this.#canaries.has(site) ? { ring: "canary" } : {},
      reportedVersion: lineup.firmwares[sites.firmware[site]!]!.version,
      pairedApps: app === 0 ? [] : [lineup.apps[app]!],
      lastContactAtMs: devices.contacts.lastS(site, nowS) * 1000,
      activeAssignmentId: doing === activity.assigned || doing === activity.installing ? "its own" : null,
    };
  }

  #outcome(site: number, device: Device): { assignmentId: string; outcome: DeviceOutcome } | null {
    const { devices, lineup } = this.#world;
    const firmware = devices.assigned[site]!;
    if (firmware === 0) return null;
    const step = {
      ...lineup.firmwares[firmware]!,
      ...(devices.isStaging(site) && { staged: true as const }),
    };
    const contactMs = device.lastContactAtMs ?? 0;
    const doing = devices.activity[site]!;
    const states = ["succeeded", "pending", "installing", "succeeded", "failed", "succeeded"] as const;
    const heard = doing === activity.idle;
    return {
      assignmentId: assignmentIdOf(this.#config.rolloutId, step, false),
      outcome: {
        deviceId: device.id,
        state: states[doing]!,
        message: "",
        assignedAtMs: 0,
        closedAtMs: heard ? contactMs - 1 : contactMs,
        reportedVersion: device.reportedVersion,
        reportedAtMs: contactMs,
        lastContactAtMs: contactMs,
      },
    };
  }
}
