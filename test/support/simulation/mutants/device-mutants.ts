import type { Device } from "../../../../src/fleet/fleet-backend.ts";
import type { RolloutState } from "../../../../src/rollout/engine/state.ts";
import { type Mutants, replace, withArguments, withHops, withStaging, wrap } from "./mutant.ts";

const track = "rollout/engine/track-device.ts";
const survey = "rollout/engine/survey.ts";
const leadsOn = (by: (ways: ReadonlyMap<string, number>, from: string | null, to: string) => boolean) => ({
  ...replace("rollout/engine/way-to-target.ts", "leadsOn", () => by),
  about: withHops,
});

/** Devices that are believed, or given what they may not have. */
export const deviceMutants: Mutants = {
  "silence is ignored": wrap(track, "trackDevice", (progress: object) => ({ ...progress, silent: false })),
  "a success is believed": wrap(
    track,
    "trackDevice",
    (progress: object, [, outcome]: [never, { state: string } | undefined]) =>
      outcome?.state === "succeeded" ? { ...progress, status: "updated", reason: "" } : progress,
  ),
  "who never ends an update is waited for": wrap(track, "trackDevice", (progress: { reason: string }) =>
    progress.reason.startsWith("began") ? { ...progress, status: "updating", reason: "" } : progress,
  ),
  "who falls back stays updated": wrap(track, "trackDevice", (progress: { reason: string }) =>
    progress.reason.startsWith("fell back") ? { ...progress, status: "updated", reason: "" } : progress,
  ),
  "a word from next year is a sign of life": withArguments(
    track,
    "trackDevice",
    ([before, outcome, device, gates, nowMs, held]: [
      unknown,
      unknown,
      Device | undefined,
      unknown,
      number,
      unknown,
    ]) => {
      const contact = device?.lastContactAtMs ?? 0;
      return [
        before,
        outcome,
        device && { ...device, lastContactAtMs: Math.min(contact, nowMs) },
        gates,
        nowMs,
        held,
      ];
    },
  ),
  "a sleeping device counts as updating": wrap(track, "trackDevice", (progress: { status: string }) =>
    progress.status === "assigned" ? { ...progress, status: "updating" } : progress,
  ),
  "the bound of a wave is ignored": withArguments(
    "rollout/engine/cohort-members.ts",
    "cohortOf",
    ([candidates, waves, , ...rest]: unknown[]) => [candidates, waves, -1000, ...rest],
  ),
  "a share is doubled": withArguments(
    "rollout/engine/cohort.ts",
    "inShare",
    ([bucket, percent]: [number, number]) => [bucket, percent * 2],
  ),
  "the gate of a device is open": wrap("compat/device-gate.ts", "admitDevice", (admission: object) => ({
    ...admission,
    admitted: true,
    reasons: [],
  })),
  "paired apps are not asked about": withArguments(
    "compat/device-gate.ts",
    "admitDevice",
    ([request]: [{ device: Device }]) => [{ ...request, device: { ...request.device, pairedApps: [] } }],
  ),
  "nobody waits for old versions to leave": replace(
    "rollout/engine/retirement.ts",
    "stillAwaited",
    () => () => [],
  ),
  "what lapsed is assigned all the same": wrap(survey, "survey", (observed: object) => ({
    ...observed,
    lapsed: [],
  })),
  "the hop is skipped": {
    ...wrap("compat/relation.ts", "createRelation", (relation: object) => ({
      ...relation,
      installsOver: () => true,
    })),
    about: withHops,
  },
  "a device goes back to the hop": leadsOn((ways, from, to) => ways.has(to) && from !== to),
  "a device is led to where it cannot leave": leadsOn((_, from, to) => from === null || from < to),
  "a device goes on before it was heard of": {
    ...withArguments(
      "rollout/engine/find-admissible.ts",
      "findAdmissible",
      ([state, ...rest]: [RolloutState]) => {
        const heard = Object.entries(state.devices).map(([id, each]) => [
          id,
          { ...each, heard: true, status: "updated" },
        ]);
        return [{ ...state, devices: Object.fromEntries(heard) as object }, ...rest];
      },
    ),
    about: withHops,
  },
  "a device that keeps an image ready counts as updated": {
    ...withArguments("rollout/engine/firmware-step.ts", "stepName", ([step]: [object]) => [
      { ...step, staged: undefined },
    ]),
    about: withStaging,
  },
  "an image that was laid ready is believed to run": {
    ...withArguments("rollout/engine/effects.ts", "assignEffect", ([id, step, ...rest]: [string, object]) => [
      id,
      { ...step, staged: undefined },
      ...rest,
    ]),
    about: withStaging,
  },
  "an app is shown while some are not ready": {
    ...wrap(
      "rollout/engine/population.ts",
      "populationOf",
      (population: { staging?: Record<string, { devices: number }> }) => ({
        ...population,
        staging: Object.fromEntries(
          Object.entries(population.staging ?? {}).map(([name, { devices }]) => [
            name,
            { devices, without: 0 },
          ]),
        ),
      }),
    ),
    about: withStaging,
  },
  "the way back asks no device": wrap(survey, "survey", (observed: object, [state]: [RolloutState]) => {
    const all = Object.entries(state.devices).filter(([, { status }]) => status === "updated");
    const returnable = all.map(([deviceId, { component, from }]) => ({ deviceId, component, to: from }));
    return state.status === "rolling-back" ? { ...observed, returnable } : observed;
  }),
  "the way back does not ask the planner": withArguments(
    "rollout/engine/withdraw.ts",
    "goBack",
    ([state]: [RolloutState]) => [{ ...state, config: { ...state.config, rulesVersion: 2 } }],
  ),
  "security counters are ignored": replace("compat/relation.ts", "securityCounter", () => () => 0),
  "the way back forgets who could not go": wrap(
    survey,
    "survey",
    (observed: { returnable: unknown[] }, [state]: [RolloutState]) =>
      state.status === "rolling-back"
        ? { ...observed, returnable: observed.returnable.slice(1), waiting: null }
        : observed,
  ),
  "stores fall back to what was retired": replace(
    "rollout/engine/release-kinds.ts",
    "phasesBegun",
    () => () => [],
  ),
};
