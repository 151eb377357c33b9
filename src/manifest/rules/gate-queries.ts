import { formatDuration } from "../../base/durations.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { versionsIn, versionsWord } from "../../metrics/versions-in-query.ts";
import { quoted } from "../diagnostic.ts";
import type { Problem } from "../diagnostic-log.ts";
import type { CountGate, MetricGate, Release } from "../release.ts";
import type { Rule } from "./rule.ts";

/** Gates are about components of the release. */
export const gateComponentsExist: Rule = ({ release, keysAt, error }) => {
  const components = keysAt(["components"]);
  for (const [name, { component }] of queriedGates(release)) {
    if (component === null || components.includes(component)) continue;
    const nearest = nearestName(component, components);
    error(["gates", name, "component"], {
      code: "IOT_MANIFEST_COMPONENT_UNKNOWN",
      message: `Gate ${name} is about ${quoted(component)}, which is not a component of this release.`,
      hint:
        nearest === null ? `The components are ${components.join(", ")}.` : `Did you mean \`${nearest}\`?`,
    });
  }
};

/** What a query says of versions is said where PromQL looks for a pattern, and fits the rest of its gate. */
export const queriesNameVersions: Rule = ({ release, keysAt, error }) => {
  for (const [name, gate] of queriedGates(release)) {
    const queries: [string, string][] =
      gate.measure === "count"
        ? [
            ["failures", gate.failures],
            ["of", gate.of],
          ]
        : [["query", gate.query]];
    const naming = queries.filter(([, query]) => versionsIn(query).length > 0);
    for (const [key, query] of queries) {
      const problem = wordProblem(query);
      if (problem) error(["gates", name, key], { code: "IOT_MANIFEST_GATE_VERSIONS", ...problem });
    }
    const unfit = gateProblem(gate, naming.length, keysAt(["components"]));
    if (unfit) {
      const key = queries.find((query) => !naming.includes(query))?.[0] ?? queries[0]![0];
      error(["gates", name, key], { code: "IOT_MANIFEST_GATE_VERSIONS", ...unfit });
    }
  }
};

/** The sequential test counts on from what it counted before, which a window lets go of. */
export const countsOnlyGrow: Rule = ({ release, warning }) => {
  for (const [name, gate] of queriedGates(release)) {
    if (gate.measure !== "count") continue;
    for (const key of ["failures", "of"] as const) {
      const slides = /\b(increase|rate|irate|delta|idelta|\w+_over_time)\s*\(/.exec(gate[key])?.[1];
      if (slides === undefined) continue;
      warning(["gates", name, key], {
        code: "IOT_MANIFEST_GATE_WINDOW",
        message: `\`${slides}\` counts over a window that slides, so the gate forgets what it has seen.`,
        hint: "Ask for the totals themselves, which only grow: sum(app_crashes_total).",
      });
    }
  }
};

/** A gate is asked again before its deadline makes no data of the time in between. */
export const gatesAreAskedInTime: Rule = ({ release, error }) => {
  for (const [name, { deadlineMs, everyMs }] of queriedGates(release)) {
    if (everyMs < deadlineMs) continue;
    error(["gates", name], {
      code: "IOT_MANIFEST_GATE_DEADLINE",
      message: `Gate ${name} is asked every ${formatDuration(everyMs)}, and after ${formatDuration(deadlineMs)} its last number is too old.`,
      hint: "Write a `deadline` that is several times `every`.",
    });
  }
};

type Said = Omit<Problem, "code">;

function wordProblem(query: string): Said | null {
  for (const { operator, quote } of versionsIn(query)) {
    if (quote === null) {
      const hint = `Write it into the pattern of a label, as in version=~"${versionsWord}".`;
      return { message: `\`${versionsWord}\` stands outside of quotes.`, hint };
    }
    if (operator === "=" || operator === "!=") {
      const message = `\`${versionsWord}\` stands for a pattern, and \`${operator}\` compares with plain text.`;
      return { message, hint: `Write ${operator === "=" ? "=~" : "!~"}"${versionsWord}".` };
    }
  }
  for (const [word, name] of query.matchAll(/\$([A-Za-z_]\w*)/g)) {
    if (word === versionsWord || nearestName(name!, [versionsWord.slice(1)]) === null) continue;
    return { message: `\`${word}\` means nothing in a query.`, hint: `Did you mean \`${versionsWord}\`?` };
  }
  return null;
}

function gateProblem(
  gate: MetricGate | CountGate,
  naming: number,
  components: readonly string[],
): Said | null {
  if (naming > 0 && gate.component === null) {
    return {
      message: `\`${versionsWord}\` stands for versions of a component, and the gate says not of which.`,
      hint: `Add \`component:\` with one of ${components.join(", ")}.`,
    };
  }
  if (gate.measure === "count") {
    if (naming !== 1) return null;
    return {
      message: `One query counts by \`${versionsWord}\` and the other counts every version.`,
      hint: `Write version=~"${versionsWord}" in both, or in neither.`,
    };
  }
  if (naming > 0 || gate.bound.kind === "max" || gate.bound.kind === "min") return null;
  return {
    message: `\`${gate.bound.kind}\` compares versions, and the query measures them all alike.`,
    hint: `Narrow it to version=~"${versionsWord}", or write \`max\` or \`min\`.`,
  };
}

function queriedGates({ gates }: Release): [string, MetricGate | CountGate][] {
  return Object.entries(gates).filter((entry): entry is [string, MetricGate | CountGate] =>
    ["metric", "count"].includes(entry[1].measure),
  );
}
