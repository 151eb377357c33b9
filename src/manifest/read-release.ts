import { compareVersions } from "../compat/versions.ts";
import { versionsWord } from "../metrics/versions-in-query.ts";
import { DiagnosticLog } from "./diagnostic-log.ts";
import { explainIssues } from "./explain-issues.ts";
import { normaliseRelease } from "./normalise-release.ts";
import { parseManifest, type ParsedManifest } from "./parse-manifest.ts";
import type { Release } from "./release.ts";
import { componentlessReleaseSchema, type ReleaseInput, releaseSchema } from "./release-schema.ts";
import { releaseRules } from "./rules/release-rules.ts";
import type { RuleContext } from "./rules/rule.ts";
import { nearestNode, nodeAt, type Path } from "./source-node.ts";
import { type ValidPart, validPart } from "./valid-part.ts";

/** A release with the log of its problems and the places of its values. */
export interface ReadRelease {
  readonly log: DiagnosticLog;
  /** What could be read, with the refused parts left out; only when the log has no errors, all of it. */
  readonly release: Release | null;
  /** Reports at a path of the file. */
  readonly report: Pick<RuleContext, "error" | "warning">;
}

/** Values that let the rest be checked when the file lacks or misspells one of these. */
const standIns = { apiVersion: "iotctl.dev/v1", kind: "Release", product: "unnamed", version: "0.0.0" };

/** Text of a `release.yaml` to a release, with every problem of it in the log. Pure but for `env`. */
export function readRelease(file: string, source: string, env: NodeJS.ProcessEnv): ReadRelease {
  const log = new DiagnosticLog(file, source);
  const parsed = parseManifest(log, { env, isVerbatim: isDeployCommand, reservedAt });
  const report = reporter(log, parsed);
  if (parsed === null) return { log, release: null, report };

  const result = releaseSchema.safeParse(parsed.value);
  if (!result.success) explainIssues(log, parsed.root, result.error.issues);
  const part = result.success ? { value: result.data, removed: [] } : partOf(parsed.value);
  if (part === null) return { log, release: null, report };

  const release = normaliseRelease(part.value);
  const context = ruleContext(release, parsed, part.removed, report);
  for (const rule of releaseRules) rule(context);
  return { log, release, report };
}

/** The shell that runs it fills its variables itself; filled here, secrets would end up in the journal. */
function isDeployCommand([top, , key, ...rest]: Path): boolean {
  return top === "components" && key === "deploy" && rest.length === 0;
}

function reservedAt([top, , key]: Path): readonly string[] {
  const isQuery = top === "gates" && ["query", "failures", "of"].includes(String(key));
  return isQuery ? [versionsWord.slice(1)] : [];
}

function partOf(value: unknown): ValidPart<ReleaseInput> | null {
  const root = value as Record<string, unknown>;
  const valid = (key: keyof typeof standIns): boolean =>
    releaseSchema.def.shape[key].safeParse(root[key]).success;
  const repaired = Object.entries(standIns).filter(([key]) => !valid(key as keyof typeof standIns));
  return validPart(componentlessReleaseSchema, { components: {}, ...root, ...Object.fromEntries(repaired) });
}

function reporter(log: DiagnosticLog, parsed: ParsedManifest | null): ReadRelease["report"] {
  const offset = (path: Path, at: "value" | "key"): number => {
    if (parsed === null) return 0;
    const node = nearestNode(parsed.root, path);
    return at === "key" ? node.keyOffset : node.valueOffset;
  };
  return {
    error: (path, problem, at = "value") => log.error(offset(path, at), problem),
    warning: (path, problem, at = "value") => log.warning(offset(path, at), problem),
  };
}

function ruleContext(
  release: Release,
  { root }: ParsedManifest,
  removed: readonly Path[],
  report: ReadRelease["report"],
): RuleContext {
  const isBelow = (path: Path, other: Path): boolean => other.every((key, index) => key === path[index]);
  const refused = (path: Path): boolean => removed.some((other) => isBelow(path, other));
  const keysAt = (path: Path): string[] => {
    const node = nodeAt(root, path);
    return node?.shape === "mapping" ? [...node.children.keys()] : [];
  };
  return {
    ...report,
    release,
    keysAt,
    lacks: (path) => removed.some((other) => isBelow(other, path)) || refused(path),
    versionsOf: (component) => {
      const released = release.components[component];
      const known = keysAt(["known", component]);
      const unreadable = known.some((version) => refused(["known", component, version]));
      if (!released || unreadable || refused(["known", component])) return null;
      return [...known, released.version].toSorted(compareVersions);
    },
  };
}
