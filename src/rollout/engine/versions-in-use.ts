import type { LiveSets, Relation } from "../../compat/relation.ts";
import { servicesInField } from "./device-facts.ts";
import { introductionsBegun, kindOf, retirementsPassed } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";
import { withdraw } from "./withdraw.ts";

export interface InUse {
  /** Every version that may be in use now, by component of the release. */
  readonly live: LiveSets;
  /** Apps that users may still come to when the rollout has turned round, as `app@4.2.0`. */
  readonly offered: ReadonlySet<string>;
}

/** What may be in use now: what was counted in the last look, and all that was introduced so far. */
export function versionsInUse(state: RolloutState, relation: Relation): InUse {
  const { config } = state;
  const services = servicesInField(state, relation);
  // Of devices nothing is asked here, and there may be very many.
  const { exposed, pending } = withdraw({ ...state, devices: {} }, true);
  const offered = new Set(
    Object.entries(config.plan.field).flatMap(([component, versions]) =>
      versions.map((version) => `${component}@${version}`),
    ),
  );
  for (const app of Object.keys(exposed)) offered.add(app);
  for (const effect of pending) {
    if (effect.kind === "halt-app") offered.delete(`${effect.component}@${effect.version}`);
  }
  const live = Object.keys(config.resolved.components).map((component): [string, string[]] => {
    switch (kindOf(config, component)) {
      case "app":
        return [component, appsInUse(state, component, Object.keys(exposed))];
      case "firmware":
        return [component, firmwareInUse(state, component)];
      case "service":
        return [component, versionsOf(services, component)];
    }
  });
  return { live: Object.fromEntries(live), offered };
}

function appsInUse(
  { config, population }: RolloutState,
  component: string,
  exposed: readonly string[],
): string[] {
  const counts = population?.versions[component];
  const counted = counts ? Object.keys(counts) : (config.plan.field[component] ?? []);
  const shown = config.plan.steps.filter((step) => exposed.includes(`${step.component}@${step.version}`));
  return unique([...counted, ...versionsOf(shown, component)]);
}

/** So few devices that they count as gone may say anything; what the rollout brought counts whoever runs it. */
function firmwareInUse(state: RolloutState, component: string): string[] {
  const { config, population } = state;
  const counts = population?.versions[component];
  const gone = versionsOf(retirementsPassed(state), component);
  const brought = introductionsBegun(state).filter(({ staged }) => !staged);
  const left = versionsOf(brought, component).filter((version) => !gone.includes(version));
  const isKnown = counts !== undefined && (population?.unknown?.[component] ?? 0) === 0;
  const field = isKnown ? [] : (config.plan.field[component] ?? []);
  const total = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  const counted = Object.entries(counts ?? {})
    .filter(([, count]) => (count / total) * 100 >= config.retire.belowPercent)
    .map(([version]) => version);
  return unique([...counted, ...left, ...field]);
}

function versionsOf(
  all: readonly { readonly component: string; readonly version: string }[],
  component: string,
): string[] {
  return all.filter((each) => each.component === component).map(({ version }) => version);
}

function unique(versions: readonly string[]): string[] {
  return [...new Set(versions)];
}
