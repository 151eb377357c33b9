import type { RunReport } from "../../simulation/release/simulation-report.ts";
import { grouped, inDays, more, sentence } from "./simulation-words.ts";

const pairsShown = 4;

/** How many hours sites spent with what does not fit, by its kinds, and what became of the run. */
export function verdictLines(name: "planned" | "naive", run: RunReport): string[] {
  const { pairHours, pairs } = run;
  const title = name === "planned" ? "Planned:" : "Naive:  ";
  const peak = Math.max(0, ...run.curves.incompatible);
  const incompatible = pairs.filter(({ kind }) => kind === "incompatible");
  const lines =
    incompatible.length === 0
      ? [`${title} 0 incompatible pair-hours.`]
      : [
          `${title} ${grouped(pairHours.incompatible)} incompatible pair-hours, up to ${grouped(peak)} sites at once:`,
          ...incompatible
            .slice(0, pairsShown)
            .map(
              ({ a, b, hours, peakSites }) =>
                `  ${a} with ${b}: ${grouped(hours)} h, up to ${grouped(peakSites)} sites`,
            ),
          ...more(incompatible.length - pairsShown, "pair"),
        ];
  if (pairHours.bridged > 0) {
    lines.push(`  ${grouped(pairHours.bridged)} bridged pair-hours, until the app had updated its device.`);
  }
  lines.push(leftBehind(run));
  if (pairHours.broken > 0) {
    lines.push(`  ${grouped(pairHours.broken)} pair-hours of pairs that were broken before the release.`);
  }
  return [...lines, ...outcome(run)];
}

function outcome({ adoption, days, rollouts }: RunReport): string[] {
  const lines = rollouts.flatMap(({ component, failure, status }) => {
    const what = component === "" ? "The rollout" : `The rollout of ${component}`;
    if (status === "completed") return [];
    if (failure !== null) return sentence(`${what} stopped: ${failure}.`);
    return [`  ${what} was not over after ${inDays(days)}: ${status.replaceAll("-", " ")}.`];
  });
  const missed = adoption.flatMap(({ component, onTarget, population, reachedDays }) => {
    const first = (["50", "95", "99"] as const).find((percent) => reachedDays[percent] === null);
    if (first === undefined) return [];
    const share = Math.floor((onTarget / population) * 1000) / 10;
    return [`  ${component} did not reach ${first}% within ${inDays(days)}: ${share}% are there.`];
  });
  return [...lines, ...missed];
}

function leftBehind({ pairHours, pairs }: RunReport): string {
  const behind = pairs.filter(({ kind }) => kind === "left-behind");
  const sites = behind.reduce((sum, { peakSites }) => sum + peakSites, 0);
  const hours = grouped(pairHours["left-behind"]);
  if (behind.length === 0) return `  ${hours} left-behind pair-hours.`;
  return sentence(
    `${hours} left-behind pair-hours, at up to ${grouped(sites)} ${sites === 1 ? "site" : "sites"}: the release counts one of the two as gone (retire), since so few have it or it was away for so long.`,
  );
}
