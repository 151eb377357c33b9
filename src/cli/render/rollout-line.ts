import { formatPercent } from "../../base/percentages.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { refusedWords } from "./refused-words.ts";

/** How a rollout stands in one line: `fleet 50%: 21 updated, 4 updating, 3 waiting; app-ios 4.2.0 10%`. */
export function rolloutLine(view: RolloutView): string {
  const apps = view.steps
    .filter(({ action, percent, state }) => action === "introduce" && percent !== null && state !== "next")
    .map(
      ({ component, percent, version }) =>
        `${component} ${version} ${formatPercent(Math.floor(percent ?? 0))}`,
    );
  const where = view.status === "running" && view.wave !== "" ? view.wave : statusWords(view);
  const waitsFor = view.waitsFor === null ? [] : [`waits for ${view.waitsFor}`];
  const refused = refusedWords(view).map((words) => `refused ${words}`);
  return [`${where}: ${deviceWords(view)}`, ...apps, ...refused, ...waitsFor].join("; ");
}

/** `21 updated, 4 updating, 3 waiting`; counts of nothing are left out. */
export function deviceWords({ devices }: RolloutView): string {
  const counts = [
    [devices.updated, "updated"],
    [devices.updating, "updating"],
    [devices.assigned, "assigned"],
    [devices.failed, "failed"],
    [devices.waiting, "waiting"],
  ] as const;
  const back = devices.toReturn > 0 ? [`${devices.returned} of ${devices.toReturn} back`] : [];
  const said = [...counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`), ...back];
  return said.length > 0 ? said.join(", ") : "no device yet";
}

/** The state in words, with what stopped it. */
export function statusWords({ failure, status }: RolloutView): string {
  const why =
    failure === null ? "" : ` (${failure.gate === null ? "" : `gate ${failure.gate}: `}${failure.reason})`;
  return `${status.replaceAll("-", " ")}${why}`;
}
