import { DatabaseSync } from "node:sqlite";
import { diskError, isDiskFull } from "../base/atomic-file.ts";
import { IotctlError } from "../base/errors.ts";
import { migrations } from "./schema.ts";

/**
 * Opens the server's database, made or migrated as needed. What is committed has reached the disk
 * (WAL with synchronous=FULL). Throws IOT_FLEET_DATABASE_NEWER for one written by a newer iotctl and
 * IOT_FLEET_DATABASE_UNREADABLE for a file that is not a database.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof IotctlError) throw error;
    if (isDiskFull(error)) throw diskError(error, path);
    throw new IotctlError(
      "IOT_FLEET_DATABASE_UNREADABLE",
      `${path} cannot be read as the fleet server's database.`,
      {
        hints: [`Move it away and start with an empty fleet: mv ${path} ${path}.broken`],
        cause: error,
      },
    );
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > migrations.length) {
    throw new IotctlError(
      "IOT_FLEET_DATABASE_NEWER",
      `${path} has schema version ${version}; this iotctl knows versions up to ${migrations.length}.`,
      { hints: ["Install the iotctl that wrote it: npm install --global iotctl@latest"] },
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
