import { DatabaseSync } from "node:sqlite";
import { diskError, isDiskFull } from "../base/atomic-file.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { migrations } from "./schema.ts";

/**
 * Opens the server's database, made or migrated as needed. What is committed has reached the disk
 * (WAL with synchronous=FULL). Throws IOT_FLEET_DATABASE_NEWER for one written by a newer iotctl and
 * IOT_FLEET_DATABASE_UNREADABLE for a file that cannot be opened or is not a database.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof IotctlError) throw error;
    if (isDiskFull(error)) throw diskError(error, path);
    throw new IotctlError(
      "IOT_FLEET_DATABASE_UNREADABLE",
      `${path} cannot be read as the fleet server's database: ${messageOf(error)}.`,
      {
        hints: [
          isBroken(error)
            ? `Move it away and start with an empty fleet: mv ${path} ${path}.broken`
            : `See whether it can be read and written: ls -l ${path}`,
        ],
        cause: error,
      },
    );
  }
}

/** Whether the file's content is at fault: of a file that is merely locked or out of reach, nothing is lost. */
function isBroken(error: unknown): boolean {
  const [SQLITE_CORRUPT, SQLITE_NOTADB] = [11, 26];
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  // The low byte is the code; the rest of an extended one says more of the same.
  const code = Number(error.errcode) & 0xff;
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
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
