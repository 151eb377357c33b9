import { IotctlError } from "../base/errors.ts";
import { nearestName } from "../base/nearest-name.ts";

/** The error for a name that `iotctl.yaml` does not have; `names` is null when there is no such file. */
export function unknownEnvironment(
  name: string,
  { path, names }: { readonly path: string; readonly names: readonly string[] | null },
): IotctlError {
  const known = [...new Set([...(names ?? []), "local"])].toSorted();
  const nearest = nearestName(name, known) ?? "local";
  return new IotctlError(
    "IOT_ENVIRONMENT_UNKNOWN",
    names === null
      ? `There is no environment \`${name}\`: ${path} does not exist, so \`local\` is the only one.`
      : `There is no environment \`${name}\` in ${path}; it has ${known.join(", ")}.`,
    { hints: [`Use another one: --env ${nearest}`], details: { name, known, path } },
  );
}
