import type { Freeze } from "../../../../src/manifest/environment.ts";
import { phasesOf } from "../../../../src/rollout/engine/release-kinds.ts";
import type { DeviceProgress, RolloutState } from "../../../../src/rollout/engine/state.ts";
import { ignore, mishear, type Mutants, replace, together, withArguments, wrap } from "./mutant.ts";

const tally = "rollout/engine/tally.ts";
const withdraw = "rollout/engine/withdraw.ts";

/** People who are not heard, or heard too well. */
export const peopleMutants: Mutants = {
  "an approval counts for any plan": mishear((event, state) =>
    event["type"] === "approved" ? { ...event, planDigest: state?.config.planDigest } : event,
  ),
  "an approval counts for any stage": withArguments(
    "rollout/engine/approvals.ts",
    "approvalsMissing",
    ([state, phase]: [RolloutState, { waves: { stageIndex: number }[] }]) => {
      const name = state.config.stages[phase.waves[state.waveIndex]?.stageIndex ?? -1]?.name;
      const approvals = state.approvals.map((each) => ({ ...each, stage: name }));
      return [{ ...state, approvals }, phase];
    },
  ),
  "one person may approve twice": mishear((event, state) =>
    event["type"] === "approved"
      ? { ...event, by: `${String(event["by"])}${state?.approvals.length}` }
      : event,
  ),
  "a no is not heard": ignore("denied"),
  "a no counts as a yes": mishear((event) =>
    event["type"] === "denied" ? { ...event, type: "approved" } : event,
  ),
  "a no stands against nothing": replace("rollout/engine/approvals.ts", "isDenied", () => () => false),
  "a pause is ignored": ignore("paused"),
  "what is pending is done while it is paused": replace(
    "rollout/engine/decide.ts",
    "nextEffect",
    () => (state: RolloutState) => state.pending[0],
  ),
  "an abort loses against a pause": ignore("aborted", ({ status }) => status === "paused"),
  "an abort loses against what is pending": ignore("aborted", ({ pending }) => pending.length > 0),
  "an abort loses against an approval": ignore("aborted", ({ status }) => status === "awaiting-approval"),
  "an abort before the beginning does something": wrap(withdraw, "withdraw", (state: RolloutState) => ({
    ...state,
    pending: [
      ...state.pending,
      ...state.config.plan.steps
        .filter(({ action, component }) => action === "introduce" && component.startsWith("app"))
        .map(({ component, version }) => {
          const key = `halt:${component}@${version}`;
          return { kind: "halt-app", key, component, version };
        }),
    ],
  })),
  "a second abort does what the first did not": mishear((event, state) =>
    event["type"] === "aborted" && state?.status === "aborted"
      ? { ...event, type: "rollback-requested" }
      : event,
  ),
  "an abort does not stop a way back": ignore("aborted", ({ status }) => status === "rolling-back"),
  "an abort does not stop late deliveries": ignore("aborted", ({ status }) => status === "completed"),
  "an abort leaves what was decided": replace(withdraw, "withdraw", () => (state: RolloutState) => state),
  "an abort takes nothing back": replace(withdraw, "withdraw", () => (state: RolloutState) => ({
    ...state,
    pending: [],
  })),
  "who skips the bake time of one wave skips that of any": mishear((event, state) => {
    if (event["type"] !== "bake-skipped" || !state) return event;
    const wave = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
    const stage = state.config.stages[wave?.stageIndex ?? -1]?.name;
    return { ...event, stage, wave: wave?.name };
  }),
  "skipping the bake time skips the gates": wrap(
    "rollout/engine/gates.ts",
    "gatesAreOpen",
    (open: boolean, [state]: [RolloutState]) => open || state.bakeSkipped,
  ),
  "a bake time that was skipped once is skipped for ever": wrap(
    "rollout/engine/apply-observed.ts",
    "applyObserved",
    (state: RolloutState) => ({ ...state, bakeSkipped: true }),
  ),
  "windows are ignored": withArguments(
    "rollout/engine/calendar.ts",
    "isShut",
    ([nowMs, , freezes]: [number, unknown, readonly Freeze[]]) => [nowMs, undefined, freezes],
  ),
  "freezes are ignored": withArguments(
    "rollout/engine/calendar.ts",
    "isShut",
    ([nowMs, windows]: [number, unknown, readonly Freeze[]]) => [nowMs, windows, []],
  ),
  "devices are assigned in a closed window": replace(
    "rollout/engine/nothing-begins.ts",
    "nothingBegins",
    () => () => false,
  ),
  "a retry washes a failure off": together(
    withArguments(tally, "countDevice", ([counts, device, by]: [unknown, DeviceProgress, unknown]) => [
      counts,
      washed(device),
      by,
    ]),
    withArguments(tally, "tallyOf", ([state]: [RolloutState]) => {
      const devices = Object.entries(state.devices).map(([id, device]) => [id, washed(device)]);
      return [{ ...state, devices: Object.fromEntries(devices) as object }];
    }),
  ),
  "whoever failed is tried again unasked": wrap(
    "rollout/engine/device-progress.ts",
    "retryDue",
    (_: unknown, [, , progress]: [never, never, { status: string; retry?: number }]) =>
      progress.status === "failed" && progress.retry === undefined ? 1 : undefined,
  ),
  "who is told more than once is tried for ever": wrap(
    "rollout/engine/device-progress.ts",
    "retryDue",
    (
      due: number | undefined,
      [retries, id, progress]: [Record<string, number>, string, { status: string; retry?: number }],
    ) =>
      due ??
      (progress.status === "failed" && Object.hasOwn(retries, id) ? (progress.retry ?? 0) + 1 : undefined),
  ),
};

function washed(device: DeviceProgress): DeviceProgress {
  if (device.retry === undefined) return device;
  const { earlier: _, retry: __, ...fresh } = device;
  return fresh;
}
