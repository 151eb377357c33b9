import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { diskError } from "../base/atomic-file.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { Link, Phone } from "../storefronts/local/wire.ts";
import type { Install } from "./phone-population.ts";
import type { TimeAnchor } from "./simulated-time.ts";
import type { ShelfRelease } from "./store-shelf.ts";

const schema = `
  CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS release (
    component TEXT, version TEXT, platform TEXT NOT NULL, app_id TEXT NOT NULL, digest TEXT NOT NULL,
    percent REAL NOT NULL, halted INTEGER NOT NULL, reviewed_at_ms REAL NOT NULL,
    PRIMARY KEY (component, version)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS phone (
    id TEXT PRIMARY KEY, component TEXT NOT NULL, version TEXT NOT NULL, device TEXT NOT NULL, link TEXT
  ) STRICT;
`;

const sqliteBusy = 5;

/**
 * What the storefront must not forget: releases, phones, links and simulated time, in
 * `<dir>/storefront.sqlite`. Each write is one transaction, so a kill leaves all of it or none;
 * one process at a time holds the file.
 */
export class StorefrontStore {
  readonly #path: string;
  readonly #database: DatabaseSync;

  /** Throws IOT_STOREFRONT_IN_USE when another process holds `dir`, IOT_STOREFRONT_STATE_INVALID for a foreign file. */
  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#path = join(dir, "storefront.sqlite");
    this.#database = new DatabaseSync(this.#path);
    try {
      // The exclusive lock dies with the process, so a kill leaves no stale lock behind.
      this.#database.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
      );
      this.#database.exec(`BEGIN EXCLUSIVE; ${schema} COMMIT;`);
    } catch (error) {
      this.#database.close();
      throw this.#openError(error, dir);
    }
  }

  loadReleases(): ShelfRelease[] {
    const rows = this.#database.prepare("SELECT * FROM release ORDER BY rowid").all();
    return rows.map((row) => ({
      component: String(row["component"]),
      version: String(row["version"]),
      platform: row["platform"] === "ios" ? "ios" : "android",
      appId: String(row["app_id"]),
      digest: String(row["digest"]),
      percent: Number(row["percent"]),
      halted: row["halted"] === 1,
      reviewedAtMs: Number(row["reviewed_at_ms"]),
    }));
  }

  saveRelease(release: ShelfRelease): void {
    const { component, version, platform, appId, digest, percent, halted, reviewedAtMs } = release;
    this.#write(() =>
      this.#database
        .prepare(
          `INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET percent = excluded.percent, halted = excluded.halted`,
        )
        .run(component, version, platform, appId, digest, percent, halted ? 1 : 0, reviewedAtMs),
    );
  }

  loadPhones(): Phone[] {
    const rows = this.#database.prepare("SELECT * FROM phone ORDER BY rowid").all();
    return rows.map((row) => ({
      id: String(row["id"]),
      component: String(row["component"]),
      version: String(row["version"]),
      device: String(row["device"]),
      ...(row["link"] === null ? {} : { link: String(row["link"]) }),
    }));
  }

  replacePhones(phones: readonly Phone[]): void {
    this.#write(() => {
      this.#database.exec("DELETE FROM phone");
      const insert = this.#database.prepare("INSERT INTO phone VALUES (?, ?, ?, ?, ?)");
      for (const { id, component, version, device, link } of phones) {
        insert.run(id, component, version, device, link ?? null);
      }
    });
  }

  saveInstalls(installs: readonly Install[]): void {
    this.#write(() => {
      const update = this.#database.prepare("UPDATE phone SET version = ? WHERE id = ?");
      for (const { phone, version } of installs) update.run(version, phone);
    });
  }

  loadLinks(): readonly Link[] {
    return (this.#loadSetting("links") as readonly Link[] | null) ?? [];
  }

  saveLinks(links: readonly Link[]): void {
    this.#saveSetting("links", links);
  }

  loadTimeAnchor(): TimeAnchor | null {
    return this.#loadSetting("time") as TimeAnchor | null;
  }

  saveTimeAnchor(anchor: TimeAnchor): void {
    this.#saveSetting("time", anchor);
  }

  close(): void {
    this.#database.close();
  }

  #loadSetting(name: string): unknown {
    const row = this.#database.prepare("SELECT json FROM setting WHERE name = ?").get(name);
    return row === undefined ? null : JSON.parse(String(row["json"]));
  }

  #saveSetting(name: string, value: unknown): void {
    this.#write(() =>
      this.#database
        .prepare("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json")
        .run(name, JSON.stringify(value)),
    );
  }

  #write(change: () => void): void {
    this.#database.exec("BEGIN");
    try {
      change();
      this.#database.exec("COMMIT");
    } catch (error) {
      // A full disk may have rolled the transaction back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw diskError(error, this.#path);
    }
  }

  #openError(error: unknown, dir: string): unknown {
    const code = sqliteCode(error);
    if (code === sqliteBusy) {
      return new IotctlError("IOT_STOREFRONT_IN_USE", `Another storefront already runs in ${dir}.`, {
        hints: [`See where it listens: cat ${join(dir, "address.json")}`],
        cause: error,
      });
    }
    const onDisk = diskError(error, this.#path);
    if (code === null || onDisk !== error) return onDisk;
    return new IotctlError(
      "IOT_STOREFRONT_STATE_INVALID",
      `${this.#path} cannot be used as a storefront's state: ${messageOf(error)}.`,
      { hints: [`Move it away and start afresh: mv ${this.#path} ${this.#path}.broken`], cause: error },
    );
  }
}

/** SQLite's primary result code; null when the error is not SQLite's. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}
