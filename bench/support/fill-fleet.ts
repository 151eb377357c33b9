import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { openDatabase } from "../../src/server/database.ts";
import { openFleet } from "../../src/server/fleet.ts";
import { recordAttributes } from "../../src/server/record-attributes.ts";
import { registerDevices } from "../../src/server/register-devices.ts";

/** Run as a process of its own: makes devices known to a fleet server that is not running, as if they had spoken. */
const [dir = "", count = "0", hardware = "", version = ""] = process.argv.slice(2);
const perCommit = 10_000;

mkdirSync(dir, { recursive: true });
const database = openDatabase(join(dir, "fleet.db"));
const fleet = openFleet(database, dir, systemClock);
for (let from = 0; from < Number(count); from += perCommit) {
  const indexes = Array.from(
    { length: Math.min(perCommit, Number(count) - from) },
    (_, index) => from + index,
  );
  const ids = indexes.map((index) => `device-${String(index).padStart(7, "0")}`);
  await fleet.commit.run(() => {
    registerDevices(
      fleet,
      ids.map((id) => ({ id, hardware })),
    );
    for (const id of ids) {
      recordAttributes(fleet, id, { mode: "merge", data: { [deviceAttribute.version]: version } });
      fleet.contacts.heard(fleet.devices.byId(id)!.row, systemClock.now());
    }
  });
}
await fleet.contacts.save();
database.close();
