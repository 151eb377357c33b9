import { expect, test, vi } from "vitest";
import * as errors from "../../src/base/errors.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { InvariantBroken } from "../support/rollout-checker.ts";
import { type RolloutCode, simulateRollout } from "../support/simulate-rollout.ts";

/**
 * The simulation must be able to fail: each mutant makes one wrong decision, by taking the place of
 * one module of the engine, and has to be caught by an invariant within some seeds.
 */
const seedsMax = 400;

type Module = Record<string, never>;
type Mutation = (original: Module) => Module;

/** Module below src/, and what is different in it. */
const mutants: Record<string, readonly [module: string, mutation: Mutation]> = {
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
      const outcome = args[2] as { state: string } | undefined;
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
    replace("retirementsMissing", () => () => []),
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
  "what lapsed is assigned all the same": [
    "rollout/engine/survey.ts",
    wrap("survey", (observed: object) => ({ ...observed, lapsed: [] })),
  ],
};

test.for(Object.entries(mutants))("is caught: %s", { timeout: 120_000 }, async ([, [path, mutation]]) => {
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
    expect(await firstCaught(code)).not.toBeNull();
  } finally {
    vi.doUnmock(file);
  }
});

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

async function firstCaught(code: RolloutCode, seeds = seedsMax): Promise<number | null> {
  for (let seed = 1; seed <= seeds; seed++) {
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
