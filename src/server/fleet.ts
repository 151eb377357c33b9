import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { BlobStore } from "./blob-store.ts";
import { GroupCommit } from "./group-commit.ts";
import { Actions } from "./stores/actions.ts";
import { Artifacts } from "./stores/artifacts.ts";
import { Assignments } from "./stores/assignments.ts";
import { Contacts } from "./stores/contacts.ts";
import { Devices } from "./stores/devices.ts";
import { Events } from "./stores/events.ts";
import { Leases } from "./stores/leases.ts";
import { Rollouts } from "./stores/rollouts.ts";

/** What the server knows, one store per subject; writes go through `commit`. */
export interface Fleet {
  readonly clock: Clock;
  readonly commit: GroupCommit;
  readonly blobs: BlobStore;
  readonly contacts: Contacts;
  readonly devices: Devices;
  readonly artifacts: Artifacts;
  readonly assignments: Assignments;
  readonly actions: Actions;
  readonly events: Events;
  readonly rollouts: Rollouts;
  readonly leases: Leases;
}

/** The fleet kept in a database and, for bytes, in `dir`. */
export function openFleet(database: DatabaseSync, dir: string, clock: Clock): Fleet {
  const commit = new GroupCommit(database);
  const contacts = new Contacts(database, commit);
  return {
    clock,
    commit,
    blobs: new BlobStore(join(dir, "storage")),
    contacts,
    devices: new Devices(database, contacts),
    artifacts: new Artifacts(database),
    assignments: new Assignments(database),
    actions: new Actions(database),
    events: new Events(database),
    rollouts: new Rollouts(database),
    leases: new Leases(database),
  };
}
