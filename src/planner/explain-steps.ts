import type { PlanStep } from "./plan.ts";
import type { VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { type DraftStep, nameOf } from "./step-writer.ts";

/** The steps as they are printed: numbered, each with why it stands where it stands. */
export function explainSteps(problem: Problem, drafts: readonly DraftStep[]): PlanStep[] {
  const last = drafts.findLastIndex(({ action }) => action === "introduce");
  return drafts.map((draft, index) => {
    const { action, guard, id, replaces, staged } = draft;
    const floor = action === "retire" && index < last ? floorOf(problem, drafts, index) : null;
    return {
      id: `s${index + 1}`,
      action,
      component: problem.partOf(id).component,
      version: problem.versionOf(id),
      replaces: replaces.map((each) => problem.versionOf(each)),
      guard,
      reversible: action === "introduce" && canBeTakenBack(problem, drafts, index),
      ...(staged && { staged }),
      ...(floor !== null && { floor: problem.versionOf(floor) }),
      why: action === "retire" ? whyRetire(problem, draft) : whyIntroduce(problem, drafts, index),
    };
  });
}

/**
 * Apps never go back, and firmware cannot where it raises the security counter or an app that came before
 * fits the new version only.
 */
function canBeTakenBack(problem: Problem, drafts: readonly DraftStep[], index: number): boolean {
  const { id, replaces } = drafts[index]!;
  if (problem.partOf(id).kind === "app" || raisesCounter(problem, drafts[index]!)) return false;
  const apps = drafts
    .slice(0, index)
    .filter(({ action, id: app }) => action === "introduce" && problem.partOf(app).kind === "app");
  return apps.every(({ id: app }) => replaces.every((old) => problem.fits(app, old)));
}

/** Whether devices that run it cannot go back for what their hardware remembers; what only lies ready was never run. */
function raisesCounter(problem: Problem, { id, replaces, staged }: DraftStep): boolean {
  return !staged && replaces.some((old) => problem.securityCounter(old) < problem.securityCounter(id));
}

/** The lowest version above a retired app that all its users can have; none where a floor would shut out who is stuck. */
function floorOf(problem: Problem, drafts: readonly DraftStep[], index: number): VersionId | null {
  const { id } = drafts[index]!;
  const part = problem.partOf(id);
  if (part.kind !== "app") return null;
  const live = new Set([...part.old, ...(part.targetLives ? [part.target!] : [])]);
  for (const draft of drafts.slice(0, index)) {
    if (draft.action === "introduce") live.add(draft.id);
    else live.delete(draft.id);
  }
  const floor = [...live]
    .filter((each) => problem.partOf(each) === part && each > id)
    .toSorted((a, b) => a - b)[0];
  return floor === undefined || part.permanent.some((stuck) => stuck < floor) ? null : floor;
}

function whyRetire(problem: Problem, draft: DraftStep): string {
  const { atOnce, for: waiting, id } = draft;
  if (waiting !== null) {
    return problem.fits(waiting, id)
      ? `whoever is on it has to move on before ${nameOf(problem, waiting)}`
      : `${nameOf(problem, waiting)} does not fit ${nameOf(problem, id)}`;
  }
  return atOnce
    ? "the new version has taken its place"
    : "nothing waits for it; it ends when nobody uses it any more";
}

function whyIntroduce(problem: Problem, drafts: readonly DraftStep[], index: number): string {
  const draft = drafts[index]!;
  const why = whyNow(problem, drafts, index);
  if (!raisesCounter(problem, draft)) return why;
  const lowest = Math.min(...draft.replaces.map((old) => problem.securityCounter(old)));
  const raised = `from ${lowest} to ${problem.securityCounter(draft.id)}`;
  return `${why}; it raises the security counter ${raised}, so no device that ran it goes back`;
}

function whyNow(problem: Problem, drafts: readonly DraftStep[], index: number): string {
  const draft = drafts[index]!;
  const { guard, id, replaces, staged } = draft;
  const part = problem.partOf(id);
  if (staged)
    return `every device is to hold it ready before the step to ${appsAfter(problem, drafts, index)}`;
  const bridged = bridgedBy(problem, drafts, index);
  if (bridged.length > 0) {
    return `it does not fit ${names(problem, bridged)}, but can update ${bridged.length > 1 ? "them" : "it"}`;
  }
  const reasons: string[] = [];
  if (guard) {
    const ranges = Object.entries(guard).map(([component, range]) => `${component} ${range}`);
    reasons.push(`a device takes it only once its phones run ${ranges.join(" and ")}`);
  }
  const gone = goneBefore(drafts, index).filter((old) => !problem.fits(id, old));
  if (gone.length > 0)
    reasons.push(`${names(problem, gone)}, which it does not fit, ${gone.length > 1 ? "are" : "is"} gone`);
  if (part.target !== null && id !== part.target)
    reasons.push(`a hop on the way from ${versions(problem, replaces)} to ${problem.versionOf(part.target)}`);
  const waiting = waitsForIt(problem, drafts, index);
  if (waiting)
    reasons.push(
      `${nameOf(problem, waiting.id)} does not fit ${nameOf(problem, waiting.old)}, so this comes first`,
    );
  if (reasons.length > 0) return reasons.join("; ");
  const { relation } = problem.request;
  const peers = relation
    .components()
    .filter((component) => component !== part.component && relation.coupled(part.component, component));
  return peers.length > 0 ? `fits every live version of ${peers.join(", ")}` : "nothing else depends on it";
}

function goneBefore(drafts: readonly DraftStep[], index: number): VersionId[] {
  return drafts.slice(0, index).flatMap(({ action, id }) => (action === "retire" ? [id] : []));
}

/** The first later introduction that does not fit something that this one replaces. */
function waitsForIt(
  problem: Problem,
  drafts: readonly DraftStep[],
  index: number,
): { id: VersionId; old: VersionId } | null {
  const { replaces } = drafts[index]!;
  for (const later of drafts.slice(index + 1)) {
    if (later.action !== "introduce") continue;
    const old = replaces.find((each) => !problem.fits(later.id, each));
    if (old !== undefined) return { id: later.id, old };
  }
  return null;
}

/** Old firmware that an app of a lockstep does not fit. */
function bridgedBy(problem: Problem, drafts: readonly DraftStep[], index: number): VersionId[] {
  const { id } = drafts[index]!;
  if (problem.partOf(id).kind !== "app") return [];
  return drafts
    .slice(0, index)
    .flatMap((step) =>
      step.staged && problem.fits(id, step.id)
        ? step.replaces.filter((old) => !problem.fits(id, old) && isLiveAt(drafts, index, old))
        : [],
    );
}

function isLiveAt(drafts: readonly DraftStep[], index: number, id: VersionId): boolean {
  return !drafts.slice(0, index).some((step) => step.action === "retire" && step.id === id);
}

function appsAfter(problem: Problem, drafts: readonly DraftStep[], index: number): string {
  const apps: VersionId[] = [];
  for (const { id, staged } of drafts.slice(index + 1)) {
    if (staged) continue;
    if (problem.partOf(id).kind !== "app") break;
    apps.push(id);
  }
  return names(problem, apps);
}

function names(problem: Problem, ids: readonly VersionId[]): string {
  return ids.map((id) => nameOf(problem, id)).join(" and ");
}

function versions(problem: Problem, ids: readonly VersionId[]): string {
  return ids.map((id) => problem.versionOf(id)).join(", ");
}
