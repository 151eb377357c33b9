import type { Problem } from "../diagnostic-log.ts";
import type { Release } from "../release.ts";
import type { Path } from "../source-node.ts";

/** What a rule about a release may look at and say. */
export interface RuleContext {
  /** What the file means, without the parts that the schema refused. */
  readonly release: Release;
  /** Keys of the mapping at a path of the file, refused parts included; none when there is no mapping. */
  readonly keysAt: (path: Path) => readonly string[];
  /** Whether the schema refused something at or below a path, so that the release lacks it. */
  readonly lacks: (path: Path) => boolean;
  /** Every version of a component in the file, lowest first; null when some cannot be read. */
  readonly versionsOf: (component: string) => readonly string[] | null;
  /** At a path of the file: at its value, or at its key. */
  readonly error: Report;
  readonly warning: Report;
}

type Report = (path: Path, problem: Problem, at?: "value" | "key") => void;

export type Rule = (context: RuleContext) => void;
