import { assignmentIdOf, type Effect } from "./effects.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";

/** Drops what has not been done and takes back what devices have not begun; stores may stop offering. */
export function withdraw(state: RolloutState, haltApps: boolean): RolloutState {
  const { config } = state;
  const exposed = { ...state.exposed, ...exposuresUnderWay(state) };
  const steps = phasesOf(config).flatMap((phase) => phase.introductions);
  const effects = steps.flatMap(({ component, version }): Effect[] => {
    switch (kindOf(config, component)) {
      case "app":
        return haltApps && Object.hasOwn(exposed, component)
          ? [{ kind: "halt-app", key: `halt:${component}@${version}`, component, version }]
          : [];
      case "firmware": {
        const assignmentId = assignmentIdOf(config.rolloutId, component, version, false);
        return Object.values(state.devices).some((device) => device.component === component)
          ? [{ kind: "cancel", key: `cancel:${assignmentId}`, assignmentId }]
          : [];
      }
      case "service":
        return [];
    }
  });
  return { ...state, exposed, pending: effects };
}

/** A pending exposure may have happened before a crash, so it counts; not before its app was published. */
function exposuresUnderWay({ pending }: RolloutState): Record<string, number> {
  const unpublished = new Set(
    pending.flatMap((effect) => (effect.kind === "publish-app" ? [effect.component] : [])),
  );
  return Object.fromEntries(
    pending.flatMap((effect) =>
      effect.kind === "expose-app" && !unpublished.has(effect.component)
        ? [[effect.component, effect.percent]]
        : [],
    ),
  );
}
