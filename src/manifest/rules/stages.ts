import { formatPercent } from "../../base/percentages.ts";
import { quoted } from "../diagnostic.ts";
import type { Release, Stage, Wave } from "../release.ts";
import type { Rule } from "./rule.ts";

const stagePath = (index: number, ...rest: PropertyKey[]): PropertyKey[] => [
  "rollout",
  "stages",
  index,
  ...rest,
];

/** Names of stages are unique: approvals and journals speak of a stage by its name. */
export const stageNamesAreUnique: Rule = ({ release, error }) => {
  const seen = new Set<string>();
  for (const [index, { name }] of release.rollout.stages.entries()) {
    if (seen.has(name)) {
      error(stagePath(index, "name"), {
        code: "IOT_MANIFEST_STAGE_TWICE",
        message: `A stage before this one is called ${quoted(name)} too.`,
      });
    }
    seen.add(name);
  }
};

/** Shares only grow, within a stage and from one to the next. */
export const sharesNeverFall: Rule = ({ release, error }) => {
  let devices = 0;
  let apps = 0;
  const check = (path: PropertyKey[], who: string, before: number, now: number): number => {
    if (now < before) {
      error(path, {
        code: "IOT_MANIFEST_PERCENT_FALLS",
        message: `The share of ${who} falls from ${formatPercent(before)} to ${formatPercent(now)}; an update is never taken back by a stage.`,
        hint: `Write at least ${formatPercent(before)}.`,
      });
    }
    return Math.max(before, now);
  };
  for (const [stage, { waves }] of release.rollout.stages.entries()) {
    for (const [wave, selected] of waves.entries()) {
      if (selected.devices.kind === "percent") {
        devices = check(stagePath(stage, "devices", wave), "devices", devices, selected.devices.percent);
      }
      apps = check(stagePath(stage, "apps", wave), "app users", apps, selected.appsPercent);
    }
  }
};

/** Every stage adds something: it selects somebody, and nobody has selected everybody before it. */
export const stagesAreReachable: Rule = ({ release, lacks, error, warning }) => {
  let complete: Stage | null = null;
  for (const [index, stage] of release.rollout.stages.entries()) {
    if (complete) {
      error(stagePath(index), {
        code: "IOT_MANIFEST_STAGE_UNREACHABLE",
        message: `Stage ${quoted(stage.name)} is never reached: ${quoted(complete.name)} already covers every device and user.`,
        hint: "Remove it, or lower the shares before it.",
      });
    } else if (stage.waves.every(selectsNobody) && !lacks(stagePath(index))) {
      error(stagePath(index), {
        code: "IOT_MANIFEST_STAGE_EMPTY",
        message: `Stage ${quoted(stage.name)} selects neither devices nor app users.`,
        hint: "Say who it is for with `devices`, `apps` or both.",
      });
    }
    if (coversEverybody(release, stage.waves.at(-1)!)) complete ??= stage;
  }
  const last = release.rollout.stages.at(-1);
  if (complete || !last || lacks(["rollout"])) return;
  warning(stagePath(release.rollout.stages.length - 1), {
    code: "IOT_MANIFEST_ROLLOUT_PARTIAL",
    message: `The rollout ends with stage ${quoted(last.name)} before everybody is covered.`,
    hint: "End with `devices: 100%` and `apps: 100%`.",
  });
};

function selectsNobody({ devices, appsPercent }: Wave): boolean {
  return devices.kind === "percent" && devices.percent === 0 && appsPercent === 0;
}

/** A share of something that the release does not bring does not count. */
function coversEverybody({ components }: Release, { devices, appsPercent }: Wave): boolean {
  const kinds = new Set(Object.values(components).map(({ kind }) => kind));
  const allDevices = devices.kind === "percent" && devices.percent === 100;
  return (allDevices || !kinds.has("firmware")) && (appsPercent === 100 || !kinds.has("app"));
}
