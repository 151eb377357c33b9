import type { Admission, GateRequest } from "../../compat/device-gate.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import { formatComponentVersion } from "../../compat/verdict.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import { introductionsBegun, retirementsPassed } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";

/** What the gate asks of a device, but for whom it meets. */
export function gateFacts(device: Device): Omit<GateRequest["device"], "peers"> {
  const { activeAssignmentId, hardware, pairedApps, reportedVersion } = device;
  return { hardware, installed: reportedVersion, pairedApps, busy: activeAssignmentId !== null };
}

/**
 * The service versions that a device may meet now: until a deployment is confirmed, the old and the
 * new; and of a service that keeps its versions every one that was not retired.
 */
export function servicesInField(state: RolloutState, relation: Relation): ComponentVersion[] {
  const { config, deployed } = state;
  const begun = introductionsBegun(state);
  return Object.entries(config.resolved.components)
    .filter(([, { kind }]) => kind === "service")
    .flatMap(([component]) => {
      const steps = begun.filter((step) => step.component === component).map(({ version }) => version);
      const live = [...(config.plan.field[component] ?? []), ...steps];
      const current = deployed[component];
      const keeps = current !== undefined && relation.facts(component, current)?.keepsVersions === true;
      const gone = retirementsPassed(state)
        .filter((step) => step.component === component)
        .map(({ version }) => version);
      const left = keeps ? live.filter((version) => !gone.includes(version)) : live;
      const since =
        current === undefined || keeps ? left : [current, ...steps.slice(steps.indexOf(current) + 1)];
      return [...new Set(since)].map((version) => ({ component, version }));
    });
}

/**
 * The apps that a device may meet where no plan answers for them. With observed pairing these are its
 * own, else all that are live and those that are `offered`.
 */
export function appsToMeet(
  { config, population }: RolloutState,
  device: Device,
  offered: readonly ComponentVersion[],
): readonly ComponentVersion[] {
  if (config.pairing === "observed") return device.pairedApps;
  const inField = Object.entries(config.resolved.components)
    .filter(([, { kind }]) => kind === "app")
    .flatMap(([component]) => {
      const counts = population?.versions[component];
      const live = counts ? Object.keys(counts) : (config.plan.field[component] ?? []);
      const shown = offered.filter((step) => step.component === component);
      return [...live, ...shown.map(({ version }) => version)].map((version) => ({ component, version }));
    });
  const apps = [...device.pairedApps, ...inField];
  return [...new Map(apps.map((app) => [formatComponentVersion(app), app])).values()];
}

/** What stands against a device, as one sentence. */
export function inWords(reasons: Admission["reasons"]): string {
  return reasons.map(({ message }) => message).join("; ");
}
