import type { Observed, RolloutEvent } from "./events.ts";
import type { DeviceProgress, RolloutConfig, RolloutState, RulesVersion } from "./state.ts";

type Started = RolloutEvent & { readonly type: "started" };
type Recorded = Omit<RolloutConfig, "rulesVersion"> & { readonly rulesVersion?: RulesVersion };

/** Journals of earlier releases do not name their rules: there were only the first. */
export function completeStarted(event: Started): Started {
  const config: Recorded = event.config;
  return { ...event, config: { ...config, rulesVersion: config.rulesVersion ?? 1 } };
}

/**
 * Journals of earlier releases name no versions in a look at the field, since a component moved once
 * only: to the version of its release, and from there back to what it had run.
 */
export function completeObserved(event: Observed, state: RolloutState | null): Observed {
  const released = ({ component }: { component: string }): string =>
    state?.config.resolved.components[component]?.version ?? "";
  return {
    ...event,
    admissible: event.admissible.map((each) => withVersion(each, released)),
    progress: mapValues(event.progress, (each) => withVersion(each, released)),
    returning: mapValues(event.returning, (each, deviceId) =>
      withVersion(each, () => state?.devices[deviceId]?.from ?? ""),
    ),
  };
}

function withVersion<Part extends { readonly component: string; readonly version?: string }>(
  part: Part,
  usual: (part: Part) => string,
): Part {
  return part.version === undefined ? { ...part, version: usual(part) } : part;
}

function mapValues(
  progress: Readonly<Record<string, DeviceProgress>>,
  change: (progress: DeviceProgress, deviceId: string) => DeviceProgress,
): Record<string, DeviceProgress> {
  return Object.fromEntries(
    Object.entries(progress).map(([deviceId, each]) => [deviceId, change(each, deviceId)]),
  );
}
