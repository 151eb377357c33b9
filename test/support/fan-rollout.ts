import type { ResolvedComponent } from "../../src/bundle/resolved-release.ts";
import type { Device, DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import type { Stage, Wave } from "../../src/manifest/release.ts";
import type { Plan, PlanStep } from "../../src/planner/plan.ts";
import { decide } from "../../src/rollout/engine/decide.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { planWayBack } from "../../src/rollout/engine/plan-way-back.ts";
import { type Observed, type RolloutEvent, sawOnly } from "../../src/rollout/engine/events.ts";
import type { DeviceProgress, RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";

export const planDigest = "sha256:plan";
export const hourMs = 3_600_000;

/** The rollout of a fan: cloud and firmware first, then, when 1.8.0 is gone, the app. */
export function fanConfig(more: Partial<RolloutConfig> = {}): RolloutConfig {
  return {
    rolloutId: "fan-1",
    rulesVersion: 3,
    environment: "test",
    plan: planOf("introduce cloud 5.2.0", "introduce fan 2.0.0", "retire fan 1.8.0", "introduce app 4.2.0"),
    planDigest,
    manifestDigest: "sha256:manifest",
    attestationDigest: "sha256:attestation",
    resolved: {
      schemaVersion: 1,
      product: "fan",
      version: "1.0.0",
      components: {
        app: version("app", "4.2.0", { requires: { fan: ">=1.9.0" } }),
        cloud: version("service", "5.2.0"),
        fan: version("firmware", "2.0.0", { requires: { app: ">=4.1.0" } }),
      },
      known: {
        app: { "4.0.0": version("app", "4.0.0"), "4.1.0": version("app", "4.1.0") },
        fan: { "1.8.0": version("firmware", "1.8.0"), "1.9.4": version("firmware", "1.9.4") },
      },
    },
    stages: [
      stage("canary", { waves: [wave({ kind: "label", label: "ring", value: "canary", max: 2 }, 10)] }),
      stage("fleet", {
        waves: [wave({ kind: "percent", percent: 50 }, 50), wave({ kind: "percent", percent: 100 }, 100)],
        approvalsRequired: 1,
      }),
    ],
    gates: {
      updated: { measure: "update-failure", limitPercent: 40, alpha: 0.2, deadlineMs: 6 * hourMs },
      heartbeat: { measure: "silent-after-update", limitPercent: 40, alpha: 0.2, deadlineMs: 2 * hourMs },
    },
    retire: { belowPercent: 1, unseenMs: 30 * 24 * hourMs },
    onFailure: "rollback",
    pairing: "observed",
    services: {},
    ...more,
  };
}

/** `introduce fan 2.0.0`, `stage fan 2.0.0`, `retire fan 1.8.0`; the field holds what the plan replaces. */
export function planOf(...steps: string[]): Plan {
  return {
    schemaVersion: 1,
    feasible: true,
    product: "fan",
    release: "1.0.0",
    field: { app: ["4.0.0", "4.1.0"], cloud: ["5.1.0"], fan: ["1.8.0", "1.9.4"] },
    broken: [],
    stuck: [],
    steps: steps.map((text, index): PlanStep => {
      const [action, component = "", of = ""] = text.split(" ");
      return {
        id: `s${index + 1}`,
        action: action === "retire" ? "retire" : "introduce",
        component,
        version: of,
        replaces: [],
        guard: null,
        reversible: true,
        ...(action === "stage" && { staged: true }),
        why: "",
      };
    }),
    blocked: null,
  };
}

export function stage(name: string, more: Partial<Stage> = {}): Stage {
  return { name, waves: [], bakeMs: hourMs, gates: ["updated"], approvalsRequired: 0, ...more };
}

export function wave(devices: Wave["devices"], appsPercent: number): Wave {
  return { devices, appsPercent };
}

export function version(
  kind: ResolvedComponent["kind"],
  of: string,
  more: Partial<ResolvedComponent> = {},
): ResolvedComponent {
  const image = { filename: `${of}.bin`, digest: `sha256:${of}`, sizeBytes: 1 };
  const artifacts = kind === "firmware" ? [{ ...image, hardware: "a1" }] : kind === "app" ? [image] : [];
  return { kind, version: of, requires: {}, artifacts, ...more };
}

export function started(config: RolloutConfig = fanConfig(), atMs = 0): RolloutState {
  return run(null, atMs, { type: "started", config });
}

/** The state after some events that come at one moment. */
export function run(state: RolloutState | null, atMs: number, ...events: RolloutEvent[]): RolloutState {
  for (const event of events) state = decide(state, event, atMs).state;
  if (!state) throw new Error("it has not started");
  return state;
}

/** Confirms all that is pending, again and again, until nothing is. */
export function confirm(state: RolloutState, atMs: number): RolloutState {
  for (let turn = 0; turn < 100 && state.pending.length > 0; turn++) {
    for (const { key, kind } of state.pending) {
      const wayBack = kind === "plan-way-back" && planWayBack(state, relationOf(state.config));
      state = run(state, atMs, { type: "effect-done", key, ...(wayBack && { wayBack }) });
    }
  }
  return state;
}

/** The same, and a look that gives the devices of the wave their turn. */
export function settle(state: RolloutState, atMs: number): RolloutState {
  const done = confirm(state, atMs);
  return done.waveEntered && !done.waveSurveyed ? run(done, atMs, observed({ population: null })) : done;
}

export function observed(more: Partial<Observed> = {}): Observed {
  const population = { devices: 10, versions: { fan: { "1.9.4": 5, "2.0.0": 5 }, app: { "4.1.0": 10 } } };
  return { ...sawOnly(population), ...more };
}

export function progress(more: Partial<DeviceProgress> = {}): DeviceProgress {
  return {
    component: "fan",
    version: "2.0.0",
    from: "1.9.4",
    status: "updated",
    beganAtMs: 0,
    heard: true,
    silent: false,
    reason: "",
    ...more,
  };
}

/** `count` devices that fare alike, named `<name>-<n>`. */
export function fleetOf(
  name: string,
  count: number,
  more: Partial<DeviceProgress> = {},
): Record<string, DeviceProgress> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${name}-${index}`, progress(more)]),
  );
}

export function device(id: string, more: Partial<Device> = {}): Device {
  return {
    id,
    hardware: "a1",
    labels: {},
    reportedVersion: "1.9.4",
    pairedApps: [],
    lastContactAtMs: 0,
    activeAssignmentId: null,
    ...more,
  };
}

export function outcome(deviceId: string, more: Partial<DeviceOutcome> = {}): DeviceOutcome {
  return {
    deviceId,
    state: "pending",
    message: "",
    assignedAtMs: 0,
    closedAtMs: null,
    reportedVersion: "1.9.4",
    reportedAtMs: 0,
    lastContactAtMs: 0,
    ...more,
  };
}
