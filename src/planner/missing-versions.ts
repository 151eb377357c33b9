import type { Relation, VersionFacts } from "../compat/relation.ts";
import { compareVersions, satisfies } from "../compat/versions.ts";
import type { Proposal } from "./find-repairs.ts";
import type { PlanRequest } from "./plan-request.ts";
import { stuckVersions } from "./stuck-versions.ts";

/** Firmware that fits the apps and services of today and those of the release, as a hop between. */
export function* bridgingFirmware(request: PlanRequest, components: readonly string[]): Generator<Proposal> {
  for (const component of movingOf(request, components, "firmware")) {
    const changed = withVersionBetween(request, component);
    if (!changed) continue;
    const change = `Build ${component} between ${changed.between} that fits ${changed.others}, and release it first`;
    yield { kind: "bridging-firmware", change, request: changed.request };
  }
}

/** Apps that fit the firmware of today and that of the release; one of them, or all. */
export function* tolerantApps(request: PlanRequest, components: readonly string[]): Generator<Proposal> {
  const apps = movingOf(request, components, "app");
  for (const chosen of apps.length > 1 ? [...apps.map((app) => [app]), apps] : [apps]) {
    let current = request;
    const said: string[] = [];
    for (const app of chosen) {
      const changed = withVersionBetween(current, app);
      if (!changed) continue;
      current = changed.request;
      said.push(`${app} between ${changed.between} that fits ${changed.others}`);
    }
    if (said.length === 0) continue;
    const change = `Publish ${said.join(" and ")}, before the release`;
    yield { kind: "tolerant-app", change, request: current };
  }
}

function movingOf(
  { live, relation, target }: PlanRequest,
  components: readonly string[],
  kind: VersionFacts["kind"],
): string[] {
  return components.filter((component) => {
    const goal = target[component]!;
    const moves = (live[component] ?? []).some((version) => version !== goal);
    return moves && relation.facts(component, goal)?.kind === kind;
  });
}

/** The request with one more version, above what lives and below the target, which fits what lives and all targets. */
function withVersionBetween(
  request: PlanRequest,
  component: string,
): { request: PlanRequest; between: string; others: string } | null {
  const { live, relation, target } = request;
  const goal = target[component]!;
  const stuck = stuckVersions(request, component).map(({ version }) => version);
  const old = (live[component] ?? []).filter((version) => version !== goal && !stuck.includes(version));
  const highest = old.toSorted(compareVersions).at(-1);
  const own = relation.facts(component, goal);
  const version = highest === undefined ? null : versionBetween(highest, goal);
  if (!own || highest === undefined || version === null) return null;
  const facts: VersionFacts = {
    ...own,
    version,
    requires: {},
    installsOver: old.join(" || "),
    installable: true,
  };
  const peers = relation
    .components()
    .filter((other) => other !== component && relation.coupled(component, other));
  const meets = (other: string, of: string): boolean =>
    target[other] === of || (live[other] ?? []).includes(of);
  const isNew = (other: string, of: string): boolean => other === component && of === version;
  const changed: Relation = {
    ...relation,
    facts: (other, of) => (isNew(other, of) ? facts : relation.facts(other, of)),
    versions: (other) =>
      other === component
        ? [...relation.versions(other), version].toSorted(compareVersions)
        : relation.versions(other),
    verdict(a, b) {
      const [one, other] = isNew(a.component, a.version) ? [a, b] : [b, a];
      if (!isNew(one.component, one.version)) return relation.verdict(a, b);
      const fits = !peers.includes(other.component) || meets(other.component, other.version);
      return { kind: fits ? "compatible" : "incompatible", evidence: [] };
    },
    installsOver(over, installed) {
      if (isNew(over.component, over.version)) return satisfies(installed, facts.installsOver!);
      if (isNew(over.component, installed)) return over.version === goal;
      return relation.installsOver(over, installed);
    },
  };
  const others = peers.map((other) => {
    const versions = [
      ...new Set([...(live[other] ?? []), ...(target[other] === undefined ? [] : [target[other]])]),
    ];
    return `${other} ${inWords(versions.toSorted(compareVersions))}`;
  });
  return {
    request: { ...request, relation: changed },
    between: `${highest} and ${goal}`,
    others: others.join("; "),
  };
}

function inWords(versions: readonly string[]): string {
  return versions.length > 1
    ? `${versions.slice(0, -1).join(", ")} and ${versions.at(-1)}`
    : versions.join("");
}

/** Some version above one and below another, or null where there is no room. */
function versionBetween(low: string, high: string): string | null {
  const core = (version: string): string => version.split(/[-+]/)[0]!;
  const [major, minor, patch] = core(low).split(".");
  const candidates = [`${major}.${minor}.${Number(patch) + 1}`, `${core(high)}-0`];
  return candidates.find((each) => compareVersions(low, each) < 0 && compareVersions(each, high) < 0) ?? null;
}
