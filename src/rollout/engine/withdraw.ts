import { assignmentIdOf, cancelEffect, type Effect } from "./effects.ts";
import { isSameVersion } from "./firmware-step.ts";
import { kindOf, phasesBegun, phasesOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";
import { takenBack } from "./track-device.ts";

/**
 * Stops all that is under way and turns round. Which way leads back is for the planner to say; by the
 * rules before it was for each device alone.
 */
export function goBack(state: RolloutState): RolloutState {
  const stopped = withdraw(state, true);
  const plan: readonly Effect[] =
    state.config.rulesVersion < 3
      ? []
      : [{ kind: "plan-way-back", key: `plan-way-back:${state.config.rolloutId}` }];
  const returning = stoppedOnTheWay(state.returning);
  return {
    ...stopped,
    status: "rolling-back",
    wayBack: null,
    returning,
    pending: [...stopped.pending, ...plan],
  };
}

/** Whose way back was taken back before it began, as by an abort, is sent on it anew. */
function stoppedOnTheWay(returning: RolloutState["returning"]): RolloutState["returning"] {
  return Object.fromEntries(
    Object.entries(returning).map(([deviceId, progress]) => [
      deviceId,
      progress.status === "assigned"
        ? { ...progress, status: "failed" as const, reason: takenBack }
        : progress,
    ]),
  );
}

/** Leaves devices where they are now; what was to stop is still stopped. */
export function stopGoingBack(state: RolloutState): RolloutState {
  const { config, pending, returning } = state;
  const ids = new Set(
    Object.values(returning)
      .filter(({ status }) => status === "assigned" || status === "updating")
      .map((device) => assignmentIdOf(config.rolloutId, device, true)),
  );
  const cancels = [...ids].map((id) => cancelEffect(id));
  const stopping = pending.filter(
    ({ key, kind }) =>
      (kind === "cancel" || kind === "halt-app") && !cancels.some((each) => each.key === key),
  );
  return { ...state, pending: [...stopping, ...cancels] };
}

/** Drops what has not been done and takes back what devices have not begun; stores may stop offering. */
export function withdraw(state: RolloutState, haltApps: boolean): RolloutState {
  const { config } = state;
  const exposed = { ...state.exposed, ...exposuresUnderWay(state) };
  const begun = Object.values(state.devices);
  const effects = phasesOf(config).flatMap((phase, phaseIndex) =>
    phase.introductions.flatMap((step): Effect[] => {
      const { component, version } = step;
      const name = `${component}@${version}`;
      switch (kindOf(config, component)) {
        case "app":
          return haltApps && name in exposed && !isLastResort(state, component, phaseIndex)
            ? [{ kind: "halt-app", key: `halt:${name}`, component, version }]
            : [];
        case "firmware": {
          const taken = begun.filter((device) => isSameVersion(device, step));
          const ids = new Set(taken.map((device) => assignmentIdOf(config.rolloutId, device, false)));
          return [...ids].map((id) => cancelEffect(id));
        }
        case "service":
          return [];
      }
    }),
  );
  return { ...state, exposed, pending: effects, refused: {} };
}

/**
 * Whether what an app took the place of has been retired since: who installs the app anew would get
 * that from a store that stops offering, and what moved on since then does not fit it.
 */
function isLastResort(state: RolloutState, app: string, phaseIndex: number): boolean {
  return phasesBegun(state)
    .slice(phaseIndex + 1)
    .some(({ after }) => after.some(({ component }) => component === app));
}

/** A pending exposure may have happened before a crash, so it counts; not before its app was published. */
function exposuresUnderWay({ pending }: RolloutState): Record<string, number> {
  const unpublished = new Set(
    pending.flatMap((effect) =>
      effect.kind === "publish-app" ? [`${effect.component}@${effect.version}`] : [],
    ),
  );
  return Object.fromEntries(
    pending.flatMap((effect) => {
      if (effect.kind !== "expose-app") return [];
      const name = `${effect.component}@${effect.version}`;
      return unpublished.has(name) ? [] : [[name, effect.percent]];
    }),
  );
}
