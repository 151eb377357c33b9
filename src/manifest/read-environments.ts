import { quoted } from "./diagnostic.ts";
import { DiagnosticLog } from "./diagnostic-log.ts";
import { checkApprovers } from "./check-approvers.ts";
import { type EnvironmentInput, environmentSchema } from "./environment-schema.ts";
import { explainIssues } from "./explain-issues.ts";
import { freezesLast } from "./freezes-last.ts";
import { manifestError } from "./manifest-error.ts";
import { parseManifest } from "./parse-manifest.ts";
import { nearestNode, nodeAt, type SourceNode } from "./source-node.ts";
import { validPart } from "./valid-part.ts";

/**
 * Text of an `iotctl.yaml` to its environments by name. Variables are needed only by the environment
 * that is used, so that nobody needs production's to work locally. Throws IOT_MANIFEST_INVALID.
 */
export function readEnvironments(
  file: string,
  source: string,
  { env, name }: { readonly env: NodeJS.ProcessEnv; readonly name: string },
): Readonly<Record<string, EnvironmentInput>> {
  const log = new DiagnosticLog(file, source);
  const parsed = parseManifest(log, {
    env,
    needsVariables: ([top, environment]) => top !== "environments" || environment === name,
  });
  if (parsed === null) throw manifestError(log);
  const result = environmentSchema.safeParse(parsed.value);
  if (!result.success) explainIssues(log, parsed.root, result.error.issues);
  requireKeys(log, parsed.root);
  checkApprovers(log, parsed.root);
  freezesLast(log, parsed.root);
  // Without errors in the log, only variables that nobody needs now kept the schema from accepting it all.
  const data = result.data ?? (log.hasErrors ? null : validPart(environmentSchema, parsed.value)?.value);
  if (log.hasErrors || !data) throw manifestError(log);
  return data.environments;
}

/** Only `local` makes a key of its own; whoever signs elsewhere says with which. */
function requireKeys(log: DiagnosticLog, root: SourceNode): void {
  for (const [name, { shape }] of nodeAt(root, ["environments"])?.children ?? []) {
    const path = ["environments", name, "signing", "key"];
    if (name === "local" || shape !== "mapping" || nodeAt(root, path) !== null) continue;
    log.error(nearestNode(root, path).keyOffset, {
      code: "IOT_MANIFEST_MISSING_KEY",
      message: `The environment ${quoted(name)} does not say which key signs; only \`local\` makes one of its own.`,
      hint: "Add `signing: { key: <file> }`.",
    });
  }
}
