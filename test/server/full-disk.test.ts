import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { diskError } from "../../src/base/atomic-file.ts";
import { listen } from "../../src/base/listen.ts";
import { EmbeddedFleet } from "../../src/fleet/embedded/embedded-fleet.ts";
import { GroupCommit } from "../../src/server/group-commit.ts";
import { requestListener } from "../../src/server/request-listener.ts";
import { route } from "../../src/server/router.ts";
import { artifactOf } from "../support/started-fleet.ts";
import { thrownBy } from "../support/thrown-by.ts";

/** A database that may grow no further: SQLite reports it just as it reports a full disk. */
function fullDatabase() {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE note (text TEXT) STRICT; PRAGMA max_page_count = 20");
  const commit = new GroupCommit(database);
  const write = (length: number) =>
    commit.run(() => void database.prepare("INSERT INTO note VALUES (?)").run("x".repeat(length)));
  const count = () => database.prepare("SELECT count(*) AS n FROM note").get()?.["n"];
  return { write, count };
}

it("acknowledges nothing that did not fit, and goes on with what fits", async () => {
  const { write, count } = fullDatabase();
  await write(100);
  await expect(write(1_000_000)).rejects.toThrow("full");
  await write(100);
  expect(count()).toBe(2);
});

it("tells the operator that the server's disk is full, at once and without a stack", async () => {
  const { write } = fullDatabase();
  const noSpace = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const lines: string[] = [];
  const routes = [
    route("HEAD", "/api/v1/artifacts/{digest}", ({ response }) => void response.writeHead(404).end()),
    route("PUT", "/api/v1/artifacts/{digest}", () => {
      throw diskError(noSpace, "/data");
    }),
    route("GET", "/api/v1/devices", () => write(1_000_000)),
  ];
  const server = createServer(requestListener(routes, (line) => lines.push(line)));
  onTestFinished(() => void server.close());
  const fleet = new EmbeddedFleet({ url: await listen(server, "127.0.0.1", 0), token: "t" });
  for (const action of [
    () => fleet.ensureArtifact(artifactOf(Buffer.from("image"))),
    () => fleet.listDevices({ limit: 1 }),
  ]) {
    const error = await thrownBy(action);
    expect(error).toMatchObject({
      code: "IOT_DISK_FULL",
      exit: 7,
      message: expect.not.stringContaining("    at "),
    });
  }
  expect(lines).toHaveLength(2);
});
