import type { ComponentVersion } from "../../compat/relation.ts";
import { introductionsBegun, kindOf } from "./release-kinds.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import type { ClosedWay, WayBack } from "./way-back.ts";
import { waysBack } from "./ways-back.ts";

/** What going back comes to, as people and `--json` see it. */
export interface WayBackView {
  readonly goes: readonly Leg[];
  readonly stays: readonly (Leg & Pick<ClosedWay, "pairs" | "why" | "instead">)[];
  /** Apps and services that were introduced: stores only stop offering the one, the other goes on. */
  readonly remains: readonly ComponentVersion[];
}

/** Devices that were updated from one version. */
interface Leg {
  readonly component: string;
  /** What they run now, lowest first. */
  readonly from: readonly string[];
  readonly to: string;
  readonly devices: number;
}

export function describeWayBack(state: RolloutState, { closed, open }: WayBack): WayBackView {
  const legs = waysBack(state).map(({ component, devices, over, version }): Leg => {
    return { component, from: over, to: version, devices };
  });
  return {
    goes: legs.filter(({ component, to }) => Object.hasOwn(open, component) && open[component]?.includes(to)),
    stays: legs.flatMap((leg) => {
      const shut = closed.find(({ component, version }) => component === leg.component && version === leg.to);
      return shut ? [{ ...leg, pairs: shut.pairs, why: shut.why, instead: shut.instead }] : [];
    }),
    remains: introductionsBegun(state)
      .filter(({ component }) => kindOf(state.config, component) !== "firmware")
      .map(({ component, version }) => ({ component, version })),
  };
}

/** Whether the rollout goes back, or went, as far as it was let. */
export function hasTurnedRound({ returning, status }: RolloutState): boolean {
  return status === "rolling-back" || status === "rolled-back" || Object.keys(returning).length > 0;
}

/** Whether a device may go back from a step to what it ran before. */
export function isOpenTo({ open }: WayBack, { component, from }: DeviceProgress): boolean {
  return Object.hasOwn(open, component) && (open[component]?.includes(from) ?? false);
}

/**
 * Whether a version that was introduced is being taken back: a firmware of which some may go back.
 * Apps stay with their users, and services go on.
 */
export function isTakenBack(state: RolloutState, { component }: ComponentVersion): boolean {
  if (!hasTurnedRound(state) || kindOf(state.config, component) !== "firmware") return false;
  const { wayBack } = state;
  if (!wayBack) return true;
  return Object.hasOwn(wayBack.open, component) && wayBack.open[component]!.length > 0;
}

/** Whether there is somewhere to go back from, and nowhere to. */
export function isShut({ closed, open }: WayBack): boolean {
  return closed.length > 0 && Object.values(open).every(({ length }) => length === 0);
}
