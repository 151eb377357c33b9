import type { Relation } from "../../src/compat/relation.ts";
import { type ComponentVersion, formatComponentVersion } from "../../src/compat/verdict.ts";
import { compareVersions, satisfies } from "../../src/compat/versions.ts";
import type { Plan, PlanStep } from "../../src/planner/plan.ts";
import type { PlanRequest } from "../../src/planner/plan-request.ts";
import type { PlanCost } from "./brute-force.ts";
import { guardViolations } from "./check-guard.ts";

/** Where versions of a component live: a hardware model, or `""` for apps and services. */
interface Home {
  readonly component: string;
  readonly model: string;
  readonly live: Set<string>;
  readonly stuck: ReadonlySet<string>;
}

/** A field that a plan is replayed over, and what the plan has done to it. */
interface Replay {
  readonly request: PlanRequest;
  readonly homes: readonly Home[];
  readonly introduced: Set<string>;
  readonly retired: Set<string>;
  readonly staged: Set<string>;
  /** Staged firmware that an app in the field waits for. */
  readonly pending: Set<string>;
  /** Services that have to leave at once. */
  readonly leaving: Set<string>;
  /** Pairs that may live together though they are not compatible. */
  readonly tolerated: Set<string>;
}

/** Everything that is wrong with a feasible plan by the rules of docs/planning.md; empty when nothing is. */
export function planViolations(request: PlanRequest, plan: Plan): string[] {
  const homes = homesOf(request);
  const broken = livePairs(homes).filter(([a, b]) => request.relation.verdict(a, b).kind === "incompatible");
  const replay: Replay = {
    request,
    homes,
    introduced: new Set(),
    retired: new Set(),
    staged: new Set(),
    pending: new Set(),
    leaving: new Set(),
    tolerated: new Set(broken.map(pairKey)),
  };
  const problems = [...headViolations(request, plan, homes, broken.map(pairKey))];
  if (!plan.feasible || plan.blocked !== null) problems.push("the plan is not feasible");
  const lastIntroduction = plan.steps.findLastIndex(({ action }) => action === "introduce");
  for (const [index, step] of plan.steps.entries()) {
    const report = (problem: string): void => void problems.push(`${step.id} ${nameStep(step)}: ${problem}`);
    if (step.id !== `s${index + 1}`) report(`is step ${index + 1}`);
    if (!(step.component in request.target)) report("moves what is no part of the release");
    if (step.why.trim() === "") report("does not say why");
    if (step.action === "introduce") introduce(replay, step, report);
    else retire(replay, step, index < lastIntroduction, report);
    for (const pair of livePairs(homes)) {
      if (request.relation.verdict(...pair).kind === "compatible" || replay.tolerated.has(pairKey(pair)))
        continue;
      report(`${pairKey(pair)} may meet and are not compatible`);
    }
  }
  return [...problems, ...endViolations(replay)];
}

/** What docs/planning.md compares plans by. */
export function planCost({ steps }: Plan, { relation, target }: PlanRequest): PlanCost {
  const introductions = steps.filter(({ action, staged }) => action === "introduce" && !staged);
  const isApp = ({ component, version }: PlanStep): boolean =>
    relation.facts(component, version)?.kind === "app";
  const last = steps.findLastIndex(({ action }) => action === "introduce");
  return {
    lockstep: steps.some(({ staged }) => staged) ? 1 : 0,
    appIntroductions: introductions.filter(isApp).length,
    awaitedAppRetirements: steps.slice(0, last + 1).filter((step) => step.action === "retire" && isApp(step))
      .length,
    intermediates: introductions.filter(({ component, version }) => target[component] !== version).length,
  };
}

const nameStep = ({ action, staged, ...named }: PlanStep): string =>
  `${staged ? "stage" : action} ${formatComponentVersion(named)}`;
const pairKey = ([a, b]: readonly [ComponentVersion, ComponentVersion]): string =>
  [a, b].map(formatComponentVersion).toSorted().join(" ");
const sorted = (versions: Iterable<string>): string[] => [...versions].toSorted(compareVersions);

function kindOf(relation: Relation, component: string): string | undefined {
  return relation.versions(component).map((version) => relation.facts(component, version)?.kind)[0];
}

function homesOf({ relation, live, target, hardware }: PlanRequest): Home[] {
  return Object.entries(live).flatMap(([component, versions]): Home[] => {
    const aim = target[component];
    const kind = kindOf(relation, component);
    const saysStuck = (version: string): boolean => relation.facts(component, version)?.stuck !== undefined;
    if (kind !== "firmware" || aim === undefined) {
      const stuck = versions.filter(
        (version) =>
          aim === undefined ||
          (version !== aim && (saysStuck(version) || (kind === "app" && compareVersions(version, aim) > 0))),
      );
      return [{ component, model: "", live: new Set(versions), stuck: new Set(stuck) }];
    }
    const images = (version: string): readonly string[] => relation.facts(component, version)?.hardware ?? [];
    const models = (version: string): readonly string[] =>
      hardware?.[component]?.[version] ?? (images(version).length > 0 ? images(version) : images(aim));
    return [...new Set(versions.flatMap(models))].map((model): Home => {
      const here = versions.filter((version) => models(version).includes(model));
      const stuck = here.filter(
        (version) => saysStuck(version) || !leadsToTarget(relation, component, version, aim, model),
      );
      return {
        component,
        model,
        live: new Set(here),
        stuck: new Set(stuck.filter((version) => version !== aim)),
      };
    });
  });
}

/** Whether images lead from a version to the target on a hardware model. */
function leadsToTarget(
  relation: Relation,
  component: string,
  from: string,
  target: string,
  model: string,
): boolean {
  const reached = new Set([from]);
  for (const at of reached) {
    for (const next of relation.versions(component)) {
      if (!hasImage(relation, component, next, model) || compareVersions(next, target) > 0) continue;
      if (relation.installsOver({ component, version: next }, at)) reached.add(next);
    }
  }
  return reached.has(target);
}

function hasImage(relation: Relation, component: string, version: string, model: string): boolean {
  const facts = relation.facts(component, version);
  return facts?.installable === true && facts.stuck === undefined && facts.hardware.includes(model);
}

/** Whether a firmware can be brought onto a model so that devices get on to the target from there. */
function isUseful(
  { relation, target }: PlanRequest,
  component: string,
  version: string,
  model: string,
): boolean {
  const aim = target[component]!;
  return (
    hasImage(relation, component, version, model) && leadsToTarget(relation, component, version, aim, model)
  );
}

function livePairs(homes: readonly Home[]): [ComponentVersion, ComponentVersion][] {
  const named = homes.flatMap(({ component, live }) => [...live].map((version) => `${component}@${version}`));
  const all = [...new Set(named)].map((name) => {
    const [component = "", version = ""] = name.split("@");
    return { component, version };
  });
  return all.flatMap((a, index) =>
    all
      .slice(index + 1)
      .flatMap((b): [ComponentVersion, ComponentVersion][] => (a.component === b.component ? [] : [[a, b]])),
  );
}

function headViolations(
  request: PlanRequest,
  plan: Plan,
  homes: readonly Home[],
  broken: readonly string[],
): string[] {
  const field = Object.fromEntries(Object.entries(request.live).map(([name, list]) => [name, sorted(list)]));
  const stuck = homes
    .filter(({ component }) => component in request.target)
    .flatMap(({ component, stuck: versions }) => [...versions].map((version) => `${component}@${version}`));
  const said = [
    ["field", asText(Object.entries(plan.field).map(String)), asText(Object.entries(field).map(String))],
    ["broken", asText(plan.broken.map(({ a, b }) => [a, b].toSorted().join(" "))), asText(broken)],
    ["stuck", asText(plan.stuck.map(formatComponentVersion)), asText(stuck)],
  ];
  return said
    .filter(([, is, should]) => is !== should)
    .map(([name, is, should]) => `${name} is ${is}, not ${should}`);
}

const asText = (names: readonly string[]): string => `[${[...new Set(names)].toSorted().join(", ")}]`;

function liveOf(homes: readonly Home[], component: string): Set<string> {
  return new Set(homes.flatMap((home) => (home.component === component ? [...home.live] : [])));
}

function stuckOf(homes: readonly Home[], component: string): Set<string> {
  return new Set(homes.flatMap((home) => (home.component === component ? [...home.stuck] : [])));
}

/** Live versions that an introduction takes the place of. */
function replacedBy({ homes, request }: Replay, { component, version }: ComponentVersion): string[] {
  const { relation } = request;
  const isFirmware = kindOf(relation, component) === "firmware";
  const found = homes
    .filter((home) => home.component === component)
    .filter((home) => !isFirmware || isUseful(request, component, version, home.model))
    .flatMap((home) =>
      [...home.live].filter(
        (other) => other !== version && other !== request.target[component] && !home.stuck.has(other),
      ),
    )
    .filter((other) => !isFirmware || relation.installsOver({ component, version }, other));
  return sorted(new Set(found));
}

function introduce(replay: Replay, step: PlanStep, report: (problem: string) => void): void {
  const { homes, introduced, leaving, pending, request, retired, staged } = replay;
  const { component, version } = step;
  const { pairing, relation, target } = request;
  const name = formatComponentVersion(step);
  const kind = kindOf(relation, component);
  const facts = relation.facts(component, version);
  const before = liveOf(homes, component);
  const replaced = replacedBy(replay, step);
  if (facts?.installable !== true) report("there is nothing to install");
  if (compareVersions(version, target[component] ?? "") > 0) report("goes above the target");
  if (introduced.has(name)) report("is introduced twice");
  if (leaving.size > 0) report(`comes before ${[...leaving].join(" and ")} is gone`);
  // What is stuck on one model may go on leaving the others at any step.
  const replacesSurely = step.replaces.filter(
    (other) => replaced.includes(other) || !stuckOf(homes, component).has(other),
  );
  if (sorted(replacesSurely).join() !== replaced.join())
    report(`replaces ${step.replaces.join()}, not ${replaced.join()}`);
  if (kind === "app" && step.reversible) report("cannot be taken back");
  if (kind === "app" && replaced.some((other) => compareVersions(other, version) > 0))
    report("goes back in the store");
  if (kind === "firmware" && replaced.length === 0) report("installs over nothing that lives");

  if (step.staged) {
    if (kind !== "firmware" || version !== target[component]) report("only target firmware is staged");
    if (pairing !== "observed") report("is staged where pairing is not observed");
    if (pending.size > 0) report("moves within a lockstep");
    if (staged.has(name)) report("is staged twice");
    if (step.guard) report("is guarded though it does not run yet");
    staged.add(name);
    return;
  }

  const disagreeing = livePairs([
    ...homes,
    { component, model: "", live: new Set([version]), stuck: new Set() },
  ])
    .filter((pair) => pair.some((one) => formatComponentVersion(one) === name))
    .filter(([a, b]) => relation.verdict(a, b).kind !== "compatible")
    .map(([a, b]) => (formatComponentVersion(a) === name ? b : a));
  if (kind !== "firmware" && before.has(version) && disagreeing.length > 0)
    report("lives in a broken pair already");
  const waited = kind === "app" ? bridgeTo(replay, step, disagreeing, report) : [];
  if (pending.size > 0 && waited.length === 0 && !pending.has(name)) report("moves within a lockstep");
  for (const other of waited) pending.add(other);
  pending.delete(name);
  const apps = liveApps(replay);
  for (const problem of guardViolations({
    step,
    request,
    apps,
    disagreeing,
    isStuck: (other) => stuckOf(homes, other.component).has(other.version),
  }))
    report(problem);
  for (const other of disagreeing) replay.tolerated.add(pairKey([step, other]));

  introduced.add(name);
  retired.delete(name);
  if (kind === "firmware") spread(replay, component);
  else homes.find((home) => home.component === component)?.live.add(version);
  if (kind === "service" && facts?.keepsVersions !== true) {
    for (const other of replaced) leaving.add(formatComponentVersion({ component, version: other }));
  }
}

function liveApps({ homes, request }: Replay): ComponentVersion[] {
  return homes
    .filter(({ component }) => kindOf(request.relation, component) === "app")
    .flatMap(({ component, live }) => [...live].map((version) => ({ component, version })));
}

/** Introduced firmware comes to every device that can take it and get on from there. */
function spread({ homes, introduced, request, retired }: Replay, component: string): void {
  const offered = request.relation
    .versions(component)
    .filter(
      (version) => introduced.has(`${component}@${version}`) && !retired.has(`${component}@${version}`),
    );
  for (const home of homes.filter((each) => each.component === component)) {
    // A set that grows while it is walked is walked to its end.
    for (const from of home.live) {
      for (const version of offered) {
        if (version === from || home.stuck.has(from) || !isUseful(request, component, version, home.model))
          continue;
        if (request.relation.installsOver({ component, version }, from)) home.live.add(version);
      }
    }
    // What is stuck on one model only leaves the others without a step that says so.
    for (const version of home.live) {
      if (home.stuck.has(version) || !stuckOf(homes, component).has(version)) continue;
      const hasPlace = offered.some(
        (other) =>
          other !== version &&
          isUseful(request, component, other, home.model) &&
          request.relation.installsOver({ component, version: other }, version),
      );
      if (hasPlace) home.live.delete(version);
    }
  }
}

/** The staged firmware that an app waits for, by the rules of a lockstep. */
function bridgeTo(
  replay: Replay,
  app: PlanStep,
  disagreeing: readonly ComponentVersion[],
  report: (problem: string) => void,
): string[] {
  const { homes, introduced, request, staged } = replay;
  const { pairing, relation, target } = request;
  const bridges = relation.facts(app.component, app.version)?.bridges ?? {};
  return disagreeing.map(({ component, version }) => {
    const aim = { component, version: target[component] ?? "" };
    const name = formatComponentVersion(aim);
    const old = formatComponentVersion({ component, version });
    if (pairing !== "observed") report("is no lockstep where pairing is not observed");
    if (!satisfies(version, bridges[component] ?? "<0.0.0-0")) report(`does not bridge ${old}`);
    if (!staged.has(name) || introduced.has(name)) report(`${name} is not staged`);
    if (relation.verdict(app, aim).kind !== "compatible") report(`does not fit ${name}`);
    if (stuckOf(homes, component).has(version)) report(`${old} never leaves`);
    if (!relation.installsOver(aim, version)) report(`${name} does not install over ${old}`);
    for (const home of homes) {
      if (home.component !== component || !home.live.has(version)) continue;
      if (!isUseful(request, component, aim.version, home.model))
        report(`${name} is not staged on ${home.model}`);
    }
    return name;
  });
}

function retire(replay: Replay, step: PlanStep, isAwaited: boolean, report: (problem: string) => void): void {
  const { homes, introduced, leaving, pending, request, retired } = replay;
  const { component, version } = step;
  const { relation } = request;
  const name = formatComponentVersion(step);
  const kind = kindOf(relation, component);
  const others = [...liveOf(homes, component)].filter((other) => other !== version);
  if (!liveOf(homes, component).has(version)) report("does not live");
  if (stuckOf(homes, component).has(version)) report("is stuck");
  if (version === request.target[component]) report("is the target");
  if (step.guard !== null || step.replaces.length > 0 || step.staged)
    report("guards, replaces or stages though it retires");
  if (pending.size > 0) report("moves within a lockstep");
  if (leaving.size > 0 && !leaving.has(name)) report(`comes before ${[...leaving].join(" and ")} is gone`);
  const open = others.filter((other) => !stuckOf(homes, component).has(other));
  if (kind === "app" && !open.some((other) => compareVersions(other, version) > 0))
    report("has no higher version to go to");
  if (kind === "service" && others.length === 0) report("has no other version to go to");
  if (kind === "firmware") {
    for (const home of homes.filter((each) => each.component === component && each.live.has(version))) {
      const places = others.filter(
        (other) =>
          introduced.has(`${component}@${other}`) &&
          isUseful(request, component, other, home.model) &&
          relation.installsOver({ component, version: other }, version),
      );
      if (places.length === 0) report(`has nowhere to go on ${home.model}`);
    }
  }
  if (!isAwaited && step.floor !== undefined) report("names a floor though nothing waits for it");
  if (isAwaited && kind === "app") {
    const floors = open.filter((other) => compareVersions(other, version) > 0).toSorted(compareVersions);
    const shutOut = [...stuckOf(homes, component)].filter(
      (other) => compareVersions(other, step.floor ?? floors[0] ?? version) < 0,
    );
    if (step.floor === undefined) {
      if (shutOut.length === 0) report("names no floor though later steps wait for it");
    } else if (shutOut.length > 0) report(`its floor shuts out ${shutOut.join()}`);
    else if (!open.includes(step.floor) || compareVersions(step.floor, version) <= 0)
      report(`cannot get to the floor ${step.floor}`);
  }
  retired.add(name);
  leaving.delete(name);
  for (const home of homes) if (home.component === component) home.live.delete(version);
}

function endViolations({
  homes,
  introduced,
  leaving,
  pending,
  request,
  tolerated,
  staged,
}: Replay): string[] {
  const problems: string[] = [];
  for (const [component, version] of Object.entries(request.target)) {
    const [live, stuck] = [liveOf(homes, component), stuckOf(homes, component)];
    const goal = sorted(new Set([version, ...stuck])).join();
    if (sorted(live).join() !== goal)
      problems.push(`${component} ends on ${sorted(live).join()}, not on ${goal}`);
    const start = homesOf(request).filter((home) => home.component === component);
    const isAlone = start.every((home) =>
      [...home.live].every((each) => each === version || home.stuck.has(each)),
    );
    const due = !isAlone || !start.some((home) => home.live.has(version));
    if (due && !introduced.has(`${component}@${version}`))
      problems.push(`${component}@${version} is not introduced`);
  }
  for (const pair of livePairs(homes))
    if (tolerated.has(pairKey(pair))) problems.push(`${pairKey(pair)} is left broken`);
  if (leaving.size > 0) problems.push(`${[...leaving].join()} is left`);
  if (pending.size > 0) problems.push(`${[...pending].join()} is staged only`);
  for (const name of staged) if (!introduced.has(name)) problems.push(`${name} is staged for nothing`);
  return problems;
}
