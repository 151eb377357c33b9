import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { GroupCommit } from "../../src/server/group-commit.ts";

function counted() {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE note (text TEXT NOT NULL UNIQUE) STRICT");
  const commit = new GroupCommit(database);
  const write = (...texts: string[]) =>
    commit.run(() => {
      for (const text of texts) database.prepare("INSERT INTO note VALUES (?)").run(text);
      return texts.length;
    });
  const notes = () =>
    database
      .prepare("SELECT text FROM note ORDER BY rowid")
      .all()
      .map(({ text }) => text);
  return { database, commit, write, notes };
}

it("commits what arrives together, each with its own result", async () => {
  const { write, notes } = counted();
  expect(await Promise.all([write("a"), write("b", "c"), write()])).toEqual([1, 2, 0]);
  expect(notes()).toEqual(["a", "b", "c"]);
});

it("undoes only the write that failed", async () => {
  const { write, notes } = counted();
  const results = await Promise.allSettled([write("a"), write("b", "a"), write("c")]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(notes()).toEqual(["a", "c"]);
});

it("acknowledges nothing when the commit itself fails", async () => {
  const { database, write, notes } = counted();
  database.exec(
    "PRAGMA foreign_keys = ON; CREATE TABLE child (n REFERENCES note (text) DEFERRABLE INITIALLY DEFERRED)",
  );
  const commit = new GroupCommit(database);
  const results = await Promise.allSettled([
    commit.run(() => database.exec("INSERT INTO child VALUES ('missing')")),
    commit.run(() => database.exec("INSERT INTO note VALUES ('a')")),
  ]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
  expect(notes()).toEqual([]);
  await write("b");
  expect(notes()).toEqual(["b"]);
});

it("rejects what is flushed after the database was closed, or closed by a write", async () => {
  const { database, commit, write } = counted();
  const late = write("a");
  database.close();
  expect(() => commit.flush()).not.toThrow();
  await expect(late).rejects.toThrow("database is not open");

  const second = counted();
  const results = await Promise.allSettled([
    second.commit.run(() => second.database.close()),
    second.write("b"),
  ]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
});
