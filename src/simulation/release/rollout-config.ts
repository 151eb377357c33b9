import type { ResolvedComponent } from "../../bundle/resolved-release.ts";
import type { VersionFacts } from "../../compat/relation.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan, PlanStep } from "../../planner/plan.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";

/** The rollout of a release as `iotctl release` would begin it, but for the files and their digests. */
export function simulatedConfig(
  release: Release,
  facts: readonly VersionFacts[],
  plan: Plan,
  rolloutId: string,
): RolloutConfig {
  const known: Record<string, Record<string, ResolvedComponent>> = {};
  const components: Record<string, ResolvedComponent> = {};
  for (const fact of facts) {
    const target = release.components[fact.component];
    if (target?.version === fact.version) components[fact.component] = resolvedOf(fact, target);
    else if (target) (known[fact.component] ??= {})[fact.version] = resolvedOf(fact, target);
  }
  return {
    rolloutId,
    rulesVersion: 2,
    environment: "simulation",
    plan,
    planDigest: "",
    manifestDigest: "",
    attestationDigest: "",
    resolved: { schemaVersion: 1, product: release.product, version: release.version, components, known },
    stages: release.rollout.stages,
    gates: release.gates,
    retire: release.retire,
    onFailure: release.onFailure,
    pairing: release.pairing,
    services: {},
  };
}

function resolvedOf(
  {
    bridges,
    component,
    hardware,
    installsOver,
    keepsVersions,
    kind,
    requires,
    securityCounter,
    stuck,
    version,
  }: VersionFacts,
  target: Release["components"][string],
): ResolvedComponent {
  return {
    kind,
    version,
    ...(target.kind === "app" && { platform: target.platform, appId: target.id }),
    requires,
    ...(installsOver !== undefined && { installsOver }),
    ...(bridges && { bridges }),
    ...(keepsVersions && { keepsVersions }),
    ...(stuck !== undefined && { stuck }),
    ...(securityCounter !== undefined && { securityCounter }),
    artifacts: hardware.map((model) => ({
      filename: `${component}-${version}`,
      hardware: model,
      digest: "",
      sizeBytes: 0,
    })),
  };
}

/**
 * The same release without a plan: one rollout for each component that moves, none of which waits for
 * another. A device still goes through the versions that it has to be installed over.
 */
export function naivePlans(plan: Plan, release: Release): Plan[] {
  const introduced = plan.steps.filter((step) => step.action === "introduce" && !step.staged);
  return [...new Set(introduced.map(({ component }) => component))].toSorted().map((component) => {
    const own = introduced.filter((step) => step.component === component);
    const steps = release.components[component]?.kind === "firmware" ? own : own.slice(-1);
    return { ...plan, steps: steps.map((step): PlanStep => ({ ...step, guard: null })) };
  });
}

/** What the naive rollouts believe: everything fits everything. */
export function withoutPins(facts: readonly VersionFacts[]): VersionFacts[] {
  return facts.map((fact) => ({ ...fact, requires: {} }));
}
