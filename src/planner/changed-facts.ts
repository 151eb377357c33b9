import { type Relation, securityCounter, type VersionFacts } from "../compat/relation.ts";
import { formatComponentVersion } from "../compat/verdict.ts";
import { compareVersions, satisfies } from "../compat/versions.ts";
import type { Proposal } from "./find-repairs.ts";
import type { BlockedPair } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import { stuckVersions } from "./stuck-versions.ts";

/** Guards are to be had for one line, where the fleet knows which phones talk to which device. */
export function* observePairing(request: PlanRequest): Generator<Proposal> {
  if (request.pairing === "observed") return;
  const change = "Set pairing: observed, if devices report the apps that they talk to";
  yield { kind: "pairing", change, request: { ...request, pairing: "observed" } };
}

/** What nobody said may well be true; it has to be tried out and written down. */
export function* settleUnknown(request: PlanRequest, pairs: readonly BlockedPair[]): Generator<Proposal> {
  const unknown = pairs.filter(({ verdict }) => verdict === "unknown").map(({ a, b }) => [a, b]);
  if (unknown.length === 0) return;
  const { relation } = request;
  const verdict: Relation["verdict"] = (one, other) => {
    const pair = [formatComponentVersion(one), formatComponentVersion(other)];
    return unknown.some((each) => pair.every((name) => each.includes(name)))
      ? { kind: "compatible", evidence: [] }
      : relation.verdict(one, other);
  };
  const list = unknown.map(([a, b]) => `${a} fits ${b}`).join(" and that ");
  yield {
    kind: "requires",
    change: `Try out that ${list}, and say so under requires`,
    request: { ...request, relation: { ...relation, verdict } },
  };
}

/** Versions that are known and could be a hop, if there were something to install. */
export function* offerKnown(request: PlanRequest, components: readonly string[]): Generator<Proposal> {
  const { relation, target } = request;
  for (const component of components) {
    const goal = target[component]!;
    const images = relation.facts(component, goal)?.hardware ?? [];
    for (const version of relation.versions(component)) {
      const facts = relation.facts(component, version);
      if (!facts || facts.installable || compareVersions(version, goal) >= 0) continue;
      const what = facts.kind === "firmware" ? "variants" : "artifact";
      yield {
        kind: "artifact",
        change: `Give ${component} ${version} its ${what} under known:, so that it can be a hop`,
        request: withFacts(request, { ...facts, installable: true, hardware: images }),
      };
    }
  }
}

/** Lockstep: all apps of the release can drive the update of all firmware they need it for. */
export function* bridgesRepair(request: PlanRequest): Generator<Proposal> {
  const { live, relation, target } = request;
  let changed = request;
  const said: string[] = [];
  for (const app of Object.keys(target).toSorted()) {
    const version = target[app]!;
    const facts = relation.facts(app, version);
    if (facts?.kind !== "app") continue;
    const bridges: Record<string, string> = { ...facts.bridges };
    for (const component of Object.keys(live).toSorted()) {
      if (relation.facts(component, target[component] ?? "")?.kind !== "firmware") continue;
      const unfit = live[component]!.filter(
        (each) =>
          relation.verdict({ component: app, version }, { component, version: each }).kind !== "compatible",
      ).toSorted(compareVersions);
      if (unfit.every((each) => satisfies(each, bridges[component] ?? "<0.0.0-0"))) continue;
      bridges[component] = unfit.join(" || ");
      said.push(`${app} ${version} update ${component} ${unfit.join(", ")}`);
    }
    changed = withFacts(changed, { ...facts, bridges });
  }
  if (said.length === 0) return;
  const observed = request.pairing === "observed" ? "" : " (with pairing: observed)";
  yield {
    kind: "bridges",
    change: `Let ${said.join(" and ")}, and say so with bridges${observed}`,
    request: { ...changed, pairing: "observed" },
  };
}

/** A wider installs-over, where the image really does install. */
export function* installOverStuck(request: PlanRequest, components: readonly string[]): Generator<Proposal> {
  const { relation } = request;
  for (const component of components) {
    const goal = request.target[component]!;
    if (relation.facts(component, goal)?.kind !== "firmware") continue;
    const counter = (version: string): number => securityCounter(relation, component, version);
    const stuck = stuckVersions(request, component)
      .map(({ version }) => version)
      .filter((version) => relation.facts(component, version)?.stuck === undefined)
      .filter((version) => counter(version) <= counter(goal));
    if (stuck.length === 0) continue;
    const installsOver: Relation["installsOver"] = (over, installed) =>
      (over.component === component && over.version === goal && stuck.includes(installed)) ||
      relation.installsOver(over, installed);
    yield {
      kind: "installs-over",
      change: `Let ${component} ${goal} install over ${stuck.join(", ")}`,
      request: { ...request, relation: { ...relation, installsOver } },
    };
  }
}

/** The last resort: who can never follow is left behind. */
export function* dropStuck(request: PlanRequest): Generator<Proposal> {
  const stuck = Object.keys(request.live)
    .toSorted()
    .filter((component) => request.relation.facts(component, request.target[component] ?? "")?.kind === "app")
    .flatMap((component) => stuckVersions(request, component));
  const choices = stuck.length > 1 ? [...stuck.map((each) => [each]), stuck] : [stuck];
  for (const chosen of choices) {
    if (chosen.length === 0) continue;
    const live = Object.fromEntries(
      Object.entries(request.live).map(([component, versions]) => [
        component,
        versions.filter(
          (version) => !chosen.some((each) => each.component === component && each.version === version),
        ),
      ]),
    );
    // Nobody repairs a product by giving up all of its users.
    if (chosen.some(({ component }) => live[component]?.length === 0)) continue;
    const list = chosen.map(({ component, version }) => `${component} ${version}`).join(" and ");
    yield {
      kind: "floor",
      change: `Refuse ${list} with a hard floor: who still uses it is cut off`,
      request: { ...request, live },
    };
  }
}

/** The request as it would be if a known version were another. */
function withFacts(request: PlanRequest, changed: VersionFacts): PlanRequest {
  const { relation } = request;
  const facts: Relation["facts"] = (component, version) =>
    component === changed.component && version === changed.version
      ? changed
      : relation.facts(component, version);
  return { ...request, relation: { ...relation, facts } };
}
