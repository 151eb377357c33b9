import { orderVersions } from "../compat/versions.ts";
import type { PlanRequest } from "./plan-request.ts";

/** Devices of one firmware that run the same version on the same hardware model. */
export interface DeviceGroup {
  readonly hardware: string;
  readonly start: string;
  /** Versions that can be installed over a version, from which the target can be reached. */
  readonly next: ReadonlyMap<string, readonly string[]>;
  /** Whether the target can be reached at all. */
  readonly arrives: boolean;
}

/** Where the devices of a firmware component stand and which ways of images lead them to the target. */
export function updatePaths(request: PlanRequest, component: string): DeviceGroup[] {
  const { hardware, live, relation } = request;
  const target = request.target[component];
  if (target === undefined) return [];
  const imagesFor = (version: string): readonly string[] =>
    relation.facts(component, version)?.hardware ?? [];
  const known = relation.versions(component);
  const lower = known.includes(target) ? known.slice(0, known.indexOf(target)) : known;
  const canPass = (version: string): boolean => {
    const facts = relation.facts(component, version);
    return facts !== null && facts.installable && facts.stuck === undefined;
  };
  const candidates = [...lower.filter(canPass), target];
  return (live[component] ?? []).toSorted(orderVersions).flatMap((start) => {
    const own = imagesFor(start).length > 0 ? imagesFor(start) : imagesFor(target);
    const seen = hardware?.[component]?.[start] ?? [];
    return (seen.length > 0 ? seen : own).toSorted().map((model) => {
      const images = candidates.filter((version) => imagesFor(version).includes(model));
      return groupOf(component, start, model, images, request);
    });
  });
}

function groupOf(
  component: string,
  start: string,
  hardware: string,
  images: readonly string[],
  { relation, target }: PlanRequest,
): DeviceGroup {
  const goal = target[component]!;
  const installs = (version: string, over: string): boolean =>
    version !== over && relation.installsOver({ component, version }, over);
  // Backwards from the target, so that no way leads into a dead end.
  const arriving = new Set(images.includes(goal) ? [goal] : []);
  for (const reached of arriving) {
    for (const version of images) if (installs(reached, version)) arriving.add(version);
  }
  const next = new Map(
    [...new Set([start, ...arriving])].map((over) => [
      over,
      over === goal ? [] : images.filter((version) => arriving.has(version) && installs(version, over)),
    ]),
  );
  return { hardware, start, next, arrives: start === goal || (next.get(start) ?? []).length > 0 };
}
