import { IotctlError } from "../base/errors.ts";
import { nearestName } from "../base/nearest-name.ts";

/** For a command line that names no command: says the nearest one that exists. Ids are `fleet:devices`. */
export function unknownCommandError(id: string, commandIds: readonly string[]): IotctlError {
  const typed = id.replaceAll(":", " ");
  const known = commandIds.map((commandId) => commandId.replaceAll(":", " "));
  const nearest = nearestName(typed, known) ?? known.find((name) => name.endsWith(` ${typed}`)) ?? null;
  return new IotctlError("IOT_USAGE", `There is no command \`${typed}\`.`, {
    hints: nearest === null ? ["iotctl --help"] : [`iotctl ${nearest}`, "iotctl --help"],
    details: { typed, nearest },
  });
}
