import { join } from "node:path";
import { IotctlError, isSystemError } from "../base/errors.ts";
import type { Environment } from "./environment.ts";
import { normaliseEnvironment } from "./normalise-environment.ts";
import { readManifestText } from "./read-manifest-text.ts";
import { unknownEnvironment } from "./unknown-environment.ts";

const fileName = "iotctl.yaml";

/**
 * The environment of this name from `iotctl.yaml` in `cwd`. Without the file, or when it does not
 * speak of it, `local` keeps everything under `.iotctl/`. Throws IOT_ENVIRONMENT_UNKNOWN, or as
 * `loadRelease` does when the file is wrong.
 */
export async function loadEnvironment(options: {
  readonly cwd: string;
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Environment> {
  const { cwd, name, env } = options;
  const path = join(cwd, fileName);
  const source = readIfPresent(path);
  if (source === null) {
    if (name === "local") return normaliseEnvironment(name, {}, cwd);
    throw unknownEnvironment(name, { path, names: null });
  }
  // Most projects have no such file, and should not pay for the schema of it.
  const { readEnvironments } = await import("./read-environments.ts");
  const environments = readEnvironments(path, source, { env, name });
  if (Object.hasOwn(environments, name)) return normaliseEnvironment(name, environments[name]!, cwd);
  if (name === "local") return normaliseEnvironment(name, {}, cwd);
  throw unknownEnvironment(name, { path, names: Object.keys(environments) });
}

function readIfPresent(path: string): string | null {
  try {
    return readManifestText(path);
  } catch (error) {
    if (error instanceof IotctlError && isSystemError(error.cause, "ENOENT")) return null;
    throw error;
  }
}
