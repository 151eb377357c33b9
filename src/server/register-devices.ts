import type { NewDevice, RegisteredDevice } from "./control/control-api.ts";
import type { Fleet } from "./fleet.ts";
import { Refusal } from "./refusal.ts";
import { newToken, tokenHash } from "./tokens.ts";

/** Makes devices known, all or none. Throws a Refusal (409) when one already is. Runs inside a commit. */
export function registerDevices(fleet: Fleet, newcomers: readonly NewDevice[]): readonly RegisteredDevice[] {
  return newcomers.map(({ id, hardware = "", labels = {} }) => {
    if (fleet.devices.byId(id))
      throw new Refusal(409, "device-exists", `Device ${id} is registered already.`);
    const token = newToken();
    const row = fleet.devices.insert({ id, hardware, labels, tokenHash: tokenHash(token) });
    fleet.events.append(row, {
      atMs: fleet.clock.now(),
      kind: "registered",
      assignmentId: null,
      message: "",
    });
    return { id, token };
  });
}
