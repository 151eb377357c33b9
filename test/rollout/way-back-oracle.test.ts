// What the planner opens is held against the gate of every device, what it closes against the relation.
import { expect, it } from "vitest";
import { type Random, randomInteger } from "../../src/base/random.ts";
import type { ResolvedComponent } from "../../src/bundle/resolved-release.ts";
import type { PlanStep } from "../../src/planner/plan.ts";
import { admitDevice } from "../../src/compat/device-gate.ts";
import { type ComponentVersion, type Relation, securityCounter } from "../../src/compat/relation.ts";
import { orderVersions } from "../../src/compat/versions.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { servicesInField } from "../../src/rollout/engine/device-facts.ts";
import { findReturnable } from "../../src/rollout/engine/find-returnable.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { planWayBack } from "../../src/rollout/engine/plan-way-back.ts";
import { introductionsBegun, kindOf, phasesOf } from "../../src/rollout/engine/release-kinds.ts";
import type {
  DeviceProgress,
  Population,
  RolloutConfig,
  RolloutState,
} from "../../src/rollout/engine/state.ts";
import { device, progress, stage, started, wave } from "../support/fan-rollout.ts";
import { pick, randomFor } from "../support/simulation/chance.ts";
import { makeScenario, type Scenario } from "../support/simulation/scenario.ts";

const scenarios = 400;
const nowMs = 1000;
const everybody = [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], gates: [] })];

interface Case {
  readonly state: RolloutState;
  readonly relation: Relation;
  readonly devices: ReadonlyMap<string, Device>;
}

/** Some rollout at some point, with devices that went through one step or two of it. */
function someCase(seed: number): Case | null {
  const random = randomFor(seed, 9);
  const scenario = makeScenario(random, { healthy: false });
  const config: RolloutConfig = {
    ...withCounters(scenario.config, random),
    rolloutId: "back",
    rulesVersion: 3,
    planDigest: "sha256:plan",
    stages: everybody,
  };
  const phaseIndex = randomInteger(random, 0, phasesOf(config).length - 1);
  const at: RolloutState = { ...started(config), phaseIndex, waveEntered: true, pending: [] };
  const relation = relationOf(config);
  const begun = introductionsBegun(at);
  const apps = begun.filter(({ component }) => kindOf(config, component) === "app");
  const population = somePopulation(scenario, relation, random);
  const moved = someDevices(scenario, at, relation, population, random);
  const deployed = { ...scenario.services };
  for (const { component, version } of begun) if (component in deployed) deployed[component] = version;
  const state: RolloutState = {
    ...at,
    status: "rolling-back",
    deployed,
    exposed: Object.fromEntries(
      apps.filter(() => random.next() < 0.7).map(({ component, version }) => [`${component}@${version}`, 10]),
    ),
    population: random.next() < 0.9 ? population : null,
    devices: Object.fromEntries(moved.map(({ id, books }) => [id, books])),
  };
  return { state, relation, devices: new Map(moved.map(({ id, now }) => [id, now])) };
}

function withCounters(
  { hops = {}, resolved, ...config }: Scenario["config"],
  random: Random,
): Scenario["config"] {
  const counted = (version: ResolvedComponent): ResolvedComponent =>
    version.kind === "firmware" && random.next() < 0.3 ? { ...version, securityCounter: 1 } : version;
  const known = mapped(resolved.known, (versions) => mapped(versions, counted));
  return {
    ...config,
    resolved: { ...resolved, components: mapped(resolved.components, counted), known },
    hops: mapped(hops, (versions) =>
      mapped(versions, (hop) => ({ ...hop, resolved: counted(hop.resolved) })),
    ),
  };
}

function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function somePopulation({ config }: Scenario, relation: Relation, random: Random): Population {
  const versions: Record<string, Record<string, number>> = {};
  for (const component of Object.keys(config.resolved.components)) {
    const some = relation.versions(component).filter(() => random.next() < 0.5);
    versions[component] = Object.fromEntries(some.map((version) => [version, randomInteger(random, 1, 9)]));
  }
  return { devices: 9, versions };
}

function someDevices(
  scenario: Scenario,
  state: RolloutState,
  relation: Relation,
  { versions }: Population,
  random: Random,
): { id: string; books: DeviceProgress; now: Device }[] {
  const steps = introductionsBegun(state).filter(
    ({ component, staged }) => kindOf(state.config, component) === "firmware" && !staged,
  );
  const phones = Object.entries(versions)
    .filter(([component]) => kindOf(state.config, component) === "app")
    .flatMap(([component, counts]) => Object.keys(counts).map((version) => ({ component, version })));
  return scenario.devices.flatMap(({ component, hardware, id, running }) => {
    const after = (installed: string): PlanStep[] =>
      steps.filter(
        (step) =>
          step.component === component &&
          relation.installsOver(step, installed) &&
          relation.facts(component, step.version)?.hardware.includes(hardware),
      );
    if (after(running).length === 0) return [];
    const { version } = pick(random, after(running));
    let books = progress({ component, from: running, version });
    if (after(version).length > 0 && random.next() < 0.5) {
      const next = pick(random, after(version));
      books = progress({ component, from: version, version: next.version, earlier: books });
    }
    const pairedApps = phones.length === 0 ? [] : [pick(random, phones)];
    return [{ id, books, now: device(id, { hardware, reportedVersion: books.version, pairedApps }) }];
  });
}

const fits = (relation: Relation, a: ComponentVersion, b: ComponentVersion): boolean =>
  relation.verdict(a, b).kind === "compatible";

/** What any device may meet: where phones are not known, every app that is used or shown. */
function inUse({ config, exposed, population }: RolloutState): ComponentVersion[] {
  return Object.keys(config.resolved.components)
    .filter((component) => kindOf(config, component) === "app")
    .flatMap((component) => {
      const counted = Object.keys(population?.versions[component] ?? {});
      const known = population ? counted : (config.plan.field[component] ?? []);
      const shown = Object.keys(exposed).filter((name) => name.startsWith(`${component}@`));
      const all = [...known, ...shown.map((name) => name.slice(component.length + 1))];
      return all.map((version) => ({ component, version }));
    });
}

it("whoever is let back meets nothing that it does not fit, and what is shut is shut for a reason", () => {
  const seen = { open: 0, back: 0, kept: 0, pairs: 0, counters: 0 };
  for (let seed = 1; seed <= scenarios; seed++) {
    const found = someCase(seed);
    if (!found || Object.keys(found.state.devices).length === 0) continue;
    const { devices, relation, state } = found;
    const wayBack = planWayBack(state, relation);
    expect(planWayBack(state, relation), `seed ${seed}`).toEqual(wayBack);
    const services = servicesInField(state, relation);
    const observed = state.config.pairing === "observed";
    const opened = Object.entries(wayBack.open).flatMap(([component, versions]) =>
      versions.map((version) => ({ component, version })),
    );
    for (const way of opened) {
      seen.open++;
      const meets = observed ? services : [...services, ...inUse(state)];
      for (const other of [...meets, ...opened.filter(({ component }) => component !== way.component)]) {
        expect(fits(relation, way, other), `seed ${seed}: ${JSON.stringify([way, other])}`).toBe(true);
      }
    }
    const returnable = findReturnable(
      { ...state, wayBack },
      devices,
      relation,
      {},
      {
        nowMs,
        snapshot: { devices: [...devices.values()], outcomes: {}, installed: {} },
      },
    );
    for (const { component, deviceId, to } of returnable) {
      const { pairedApps, reportedVersion } = devices.get(deviceId)!;
      const target = { component, version: to };
      expect(wayBack.open[component]).toContain(to);
      for (const other of [...services, ...pairedApps, ...(observed ? [] : inUse(state))]) {
        expect(fits(relation, target, other), `seed ${seed}: ${deviceId}`).toBe(true);
      }
      expect(securityCounter(relation, component, to)).toBeGreaterThanOrEqual(
        securityCounter(relation, component, reportedVersion!),
      );
    }
    seen.back += returnable.length;
    seen.kept += Object.keys(state.devices).length - returnable.length;
    for (const { component, instead, pairs, version, why } of wayBack.closed) {
      expect(why).not.toBe("");
      expect(instead.length).toBeGreaterThan(0);
      for (const { b, verdict } of pairs) {
        const other = { component: b.slice(0, b.indexOf("@")), version: b.slice(b.indexOf("@") + 1) };
        expect(relation.verdict({ component, version }, other).kind).toBe(verdict);
        expect(verdict).not.toBe("compatible");
      }
      seen.pairs += pairs.length;
      if (/security counter/.test(why)) seen.counters++;
      if (pairs.length > 0) continue;
      // No pair: then the gate of every device says so by itself, whatever it meets.
      for (const [deviceId, books] of Object.entries(state.devices)) {
        if (books.component !== component || books.from !== version) continue;
        const { hardware, reportedVersion } = devices.get(deviceId)!;
        const asked = { hardware, installed: reportedVersion, pairedApps: [], peers: [], busy: false };
        const gate = { device: asked, target: { component, version }, relation, rollback: true };
        expect(admitDevice(gate).admitted, `seed ${seed}: ${deviceId}, ${why}`).toBe(false);
      }
    }
  }
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
});

it("no path of images and no way back ever lowers a security counter", () => {
  let asked = 0;
  for (let seed = 1; seed <= scenarios; seed += 10) {
    const found = someCase(seed);
    if (!found) continue;
    const { relation, state } = found;
    for (const component of Object.keys(state.config.resolved.components)) {
      const versions = relation.versions(component).toSorted(orderVersions);
      for (const version of versions) {
        for (const installed of versions.filter((other) => other !== version)) {
          const target = { component, version };
          const lower =
            securityCounter(relation, component, version) < securityCounter(relation, component, installed);
          const hardware = relation.facts(component, version)?.hardware[0] ?? "";
          const moves = [true, false].map((rollback) => {
            const one = { hardware, installed, pairedApps: [], peers: [], busy: false };
            return admitDevice({ device: one, target, relation, rollback }).admitted;
          });
          if (!lower) continue;
          asked++;
          expect([...moves, relation.installsOver(target, installed)]).toEqual([false, false, false]);
        }
      }
    }
  }
  expect(asked).toBeGreaterThan(50);
});
