import { expect, test, vi } from "vitest";
import * as errors from "../../src/base/errors.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import type { Plan } from "../../src/planner/plan.ts";
import { InvariantBroken } from "../support/rollout-checker.ts";
import { type RolloutCode, scenarioOf, simulateRollout } from "../support/simulate-rollout.ts";

/**
 * The simulation must be able to fail: each mutant makes one wrong decision, by taking the place of
 * one module of the engine, and has to be caught by an invariant within some seeds.
 */
const seedsMax = 400;

type Module = Record<string, never>;
type Mutation = (original: Module) => Module;

const withHops = ({ steps }: Plan): boolean =>
  steps.some(({ action, component, version }) =>
    steps.some(
      (other) =>
        action === "introduce" &&
        other.action === "introduce" &&
        other.component === component &&
        other.version !== version,
    ),
  );
const withStaging = ({ steps }: Plan): boolean => steps.some(({ staged }) => staged);

/** Module below src/, what is different in it, and the plans that it can spoil, if not all. */
const mutants: Record<
  string,
  readonly [module: string, mutation: Mutation, about?: (plan: Plan) => boolean]
> = {
  "an undecided gate counts as passed": [
    "rollout/engine/sequential-test.ts",
    wrap("sequentialTest", (verdict: string) => (verdict === "hold" ? "pass" : verdict)),
  ],
  "a failed gate counts as undecided": [
    "rollout/engine/sequential-test.ts",
    wrap("sequentialTest", (verdict: string) => (verdict === "fail" ? "hold" : verdict)),
  ],
  "a pause is ignored": ["rollout/engine/apply-event.ts", ignoreEvent("paused")],
  "an abort loses against a pause": [
    "rollout/engine/apply-event.ts",
    ignoreEvent("aborted", (state) => state.status === "paused"),
  ],
  "an abort loses against what is pending": [
    "rollout/engine/apply-event.ts",
    ignoreEvent("aborted", (state) => state.pending.length > 0),
  ],
  "an approval counts for any plan": [
    "rollout/engine/apply-event.ts",
    replaceEvent((event, state) =>
      event["type"] === "approved" ? { ...event, planDigest: state?.config.planDigest } : event,
    ),
  ],
  "one person may approve twice": [
    "rollout/engine/apply-event.ts",
    replaceEvent((event, state) =>
      event["type"] === "approved"
        ? { ...event, by: `${String(event["by"])}${state?.approvals.length}` }
        : event,
    ),
  ],
  "what is pending is done while it is paused": [
    "rollout/engine/decide.ts",
    replace("nextEffect", () => (state: RolloutState) => state.pending[0]),
  ],
  "silence is ignored": [
    "rollout/engine/track-device.ts",
    wrap("trackDevice", (progress: object) => ({ ...progress, silent: false })),
  ],
  "a success is believed": [
    "rollout/engine/track-device.ts",
    wrap("trackDevice", (progress: { status: string; beganAtMs: unknown }, args) => {
      const outcome = args[1] as { state: string } | undefined;
      return outcome?.state === "succeeded" ? { ...progress, status: "updated", reason: "" } : progress;
    }),
  ],
  "a sleeping device counts as updating": [
    "rollout/engine/track-device.ts",
    wrap("trackDevice", (progress: { status: string }) =>
      progress.status === "assigned" ? { ...progress, status: "updating" } : progress,
    ),
  ],
  "the bound of a wave is ignored": [
    "rollout/engine/cohort-members.ts",
    replaceArguments("cohortOf", ([candidates, waves, , ...rest]) => [candidates, waves, -1000, ...rest]),
  ],
  "a share is doubled": [
    "rollout/engine/cohort.ts",
    replaceArguments("inCohort", ([id, salt, percent]) => [id, salt, Number(percent) * 2]),
  ],
  "the gate of a device is open": [
    "compat/device-gate.ts",
    wrap("admitDevice", (admission: object) => ({ ...admission, admitted: true, reasons: [] })),
  ],
  "paired apps are not asked about": [
    "compat/device-gate.ts",
    replaceArguments("admitDevice", ([request]) => {
      const { device } = request as { device: Device };
      return [{ ...(request as object), device: { ...device, pairedApps: [] } }];
    }),
  ],
  "nobody waits for old versions to leave": [
    "rollout/engine/retirement.ts",
    replace("stillAwaited", () => () => []),
  ],
  "stopping takes nothing back": [
    "rollout/engine/withdraw.ts",
    replace("withdraw", () => (state: RolloutState) => ({ ...state, pending: [] })),
  ],
  "stopping leaves what was decided": [
    "rollout/engine/withdraw.ts",
    replace("withdraw", () => (state: RolloutState) => state),
  ],
  "the way back asks nobody": [
    "rollout/engine/survey.ts",
    wrap("survey", (observed: { returnable: unknown[] }, args) => {
      const state = args[0] as RolloutState;
      const all = Object.entries(state.devices).filter(([, { status }]) => status === "updated");
      const returnable = all.map(([deviceId, { component, from }]) => ({ deviceId, component, to: from }));
      return state.status === "rolling-back" ? { ...observed, returnable } : observed;
    }),
  ],
  "the way back forgets who could not go": [
    "rollout/engine/survey.ts",
    wrap("survey", (observed: { returnable: unknown[] }, args) =>
      (args[0] as RolloutState).status === "rolling-back"
        ? { ...observed, returnable: observed.returnable.slice(1), waiting: null }
        : observed,
    ),
  ],
  "the hop is skipped": [
    "compat/relation.ts",
    wrap("createRelation", (relation: object) => ({ ...relation, installsOver: () => true })),
    withHops,
  ],
  "a device goes back to the hop": [
    "rollout/engine/way-to-target.ts",
    replace("leadsOn", () => (ways: Map<string, number>, from: string, to: string) => {
      return ways.has(to) && from !== to;
    }),
    withHops,
  ],
  "a device is led to where it cannot leave": [
    "rollout/engine/way-to-target.ts",
    replace("leadsOn", () => (_: unknown, from: string | null, to: string) => from === null || from < to),
    withHops,
  ],
  "a device goes on before it was heard of": [
    "rollout/engine/find-admissible.ts",
    replaceArguments("findAdmissible", ([state, ...rest]) => {
      const { devices } = state as RolloutState;
      const heard = Object.entries(devices).map(([id, each]) => [
        id,
        { ...each, heard: true, status: "updated" },
      ]);
      return [{ ...(state as object), devices: Object.fromEntries(heard) }, ...rest];
    }),
    withHops,
  ],
  "a device that keeps an image ready counts as updated": [
    "rollout/engine/firmware-step.ts",
    replaceArguments("stepName", ([step]) => [{ ...(step as object), staged: undefined }]),
    withStaging,
  ],
  "an image that was laid ready is believed to run": [
    "rollout/engine/effects.ts",
    replaceArguments("assignEffect", ([id, step, ...rest]) => [
      id,
      { ...(step as object), staged: undefined },
      ...rest,
    ]),
    withStaging,
  ],
  "an app is shown before the image lies ready": [
    "rollout/engine/retirement.ts",
    replace("stillAwaited", () => () => []),
    withStaging,
  ],
  "an app is shown while some are not ready": [
    "rollout/engine/population.ts",
    wrap("populationOf", (population: { staging?: Record<string, { devices: number }> }) => ({
      ...population,
      staging: Object.fromEntries(
        Object.entries(population.staging ?? {}).map(([name, { devices }]) => [
          name,
          { devices, without: 0 },
        ]),
      ),
    })),
    withStaging,
  ],
  "stores fall back to what was retired": [
    "rollout/engine/release-kinds.ts",
    replace("phasesBegun", () => () => []),
  ],
  "what lapsed is assigned all the same": [
    "rollout/engine/survey.ts",
    wrap("survey", (observed: object) => ({ ...observed, lapsed: [] })),
  ],
};

test.for(Object.entries(mutants))(
  "is caught: %s",
  { timeout: 120_000 },
  async ([, [path, mutation, about]]) => {
    const file = `../../src/${path}`;
    vi.resetModules();
    // The world throws what the engine has to recognise.
    vi.doMock("../../src/base/errors.ts", () => errors);
    vi.doMock(file, async (importOriginal) => {
      const original = await importOriginal<Module>();
      return { ...original, ...mutation(original) };
    });
    try {
      const code = await loadCode();
      expect(await firstCaught(code, seedsMax, about)).not.toBeNull();
    } finally {
      vi.doUnmock(file);
    }
  },
);

test("is not caught: the engine as it is", async () => {
  vi.resetModules();
  expect(await firstCaught(await loadCode(), 20)).toBeNull();
});

async function loadCode(): Promise<RolloutCode> {
  const { advance, tell } = await import("../../src/rollout/advance.ts");
  const { decide } = await import("../../src/rollout/engine/decide.ts");
  const { startRollout } = await import("../../src/rollout/start-rollout.ts");
  return { advance, tell, decide, startRollout };
}

async function firstCaught(
  code: RolloutCode,
  seeds: number,
  about: (plan: Plan) => boolean = () => true,
): Promise<number | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    if (!about(scenarioOf(seed).config.plan)) continue;
    try {
      await simulateRollout(seed, code);
    } catch (error) {
      if (error instanceof InvariantBroken) return seed;
      throw error;
    }
  }
  return null;
}

type AnyFunction = (...args: unknown[]) => unknown;

function replace(name: string, by: (original: AnyFunction) => unknown): Mutation {
  return (original) => ({ [name]: by(original[name] as unknown as AnyFunction) }) as unknown as Module;
}

function wrap(name: string, change: (result: never, args: unknown[]) => unknown): Mutation {
  return replace(
    name,
    (original) =>
      (...args: unknown[]) =>
        change(original(...args) as never, args),
  );
}

function replaceArguments(name: string, change: (args: unknown[]) => unknown[]): Mutation {
  return replace(
    name,
    (original) =>
      (...args: unknown[]) =>
        original(...change(args)),
  );
}

function replaceEvent(
  change: (event: Record<string, unknown>, state: RolloutState | null) => object,
): Mutation {
  return replaceArguments("applyEvent", ([state, event, nowMs]) => [
    state,
    change(event as Record<string, unknown>, state as RolloutState | null),
    nowMs,
  ]);
}

function ignoreEvent(type: string, when: (state: RolloutState) => boolean = () => true): Mutation {
  return replace("applyEvent", (original) => (state: unknown, event: unknown, nowMs: unknown) => {
    const isIt = (event as { type: string }).type === type;
    return isIt && state && when(state as RolloutState) ? state : original(state, event, nowMs);
  });
}
