import { DiagnosticLog } from "./diagnostic-log.ts";
import { type EnvironmentInput, environmentSchema } from "./environment-schema.ts";
import { explainIssues } from "./explain-issues.ts";
import { manifestError } from "./manifest-error.ts";
import { parseManifest } from "./parse-manifest.ts";
import { nearestNode } from "./source-node.ts";

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

  for (const [environment, { signing }] of Object.entries(result.data?.environments ?? {})) {
    if (environment === "local" || signing?.key !== undefined) continue;
    const node = nearestNode(parsed.root, ["environments", environment, "signing"]);
    log.error(node.keyOffset, {
      code: "IOT_MANIFEST_MISSING_KEY",
      message: `The environment \`${environment}\` does not say which key signs; only \`local\` makes one of its own.`,
      hint: "Add `signing: { key: <file> }`.",
    });
  }
  if (log.hasErrors || !result.success) throw manifestError(log);
  return result.data.environments;
}
