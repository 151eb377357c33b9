import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { listen } from "../../src/base/listen.ts";
import type { S3JournalSettings } from "../../src/manifest/environment.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type { JournalEntry } from "../../src/rollout/journal/journal.ts";
import { JournalBucket, objectBytesMax } from "../../src/rollout/journal/s3/journal-bucket.ts";
import { S3Journals } from "../../src/rollout/journal/s3/s3-journals.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

vi.stubEnv("AWS_ACCESS_KEY_ID", "anybody");
vi.stubEnv("AWS_SECRET_ACCESS_KEY", "anything");

const entry: JournalEntry = { at: 0, event: { type: "paused", by: "ann", reason: "why" }, effects: [] };

function settingsAt(endpoint: string): S3JournalSettings {
  return { kind: "s3", bucket: "journals", prefix: "", endpoint, region: "us-east-1", pathStyle: true };
}

/** A store of a test, until the test ends. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<S3JournalSettings> {
  const server = createServer((request, response) => {
    request.toArray().then(
      (body: Buffer[]) => answer(request, response, Buffer.concat(body).toString()),
      () => response.destroy(),
    );
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return settingsAt(await listen(server, "127.0.0.1", 0));
}

describe("a store that knows nothing of conditional writes", () => {
  const writes: [string, (journals: S3Journals) => Promise<unknown>][] = [
    ["a rollout is created", (journals) => journals.create("fan", entry)],
    ["a record is appended", (journals) => journals.open("fan").append(chainRecord(undefined, entry))],
    ["a turn is asked for", (journals) => journals.open("fan").turn(async () => {})],
    ["a rollout begins", (journals) => journals.exclusively(async () => {})],
  ];

  test.each(writes)("is found out and refused when %s", async (_, write) => {
    const objects = new Map<string, string>();
    const settings = await serve((request, response, body) => {
      const name = request.url?.replace(/\?.*/, "") ?? "";
      if (request.method === "PUT") objects.set(name, body);
      if (request.method === "PUT") return response.writeHead(200, { etag: '"e"' }).end();
      if (name === "/journals" || name === "/journals/") return response.end("<ListBucketResult/>");
      const text = objects.get(name);
      if (text !== undefined) return response.end(text);
      return response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    });
    const unsafe = await thrownBy(() => write(new S3Journals(settings, systemClock)));
    expect(unsafe).toMatchObject({ code: "IOT_JOURNAL_STORE_UNSAFE", exit: 3 });
    expect(unsafe.message).toContain("If-None-Match");
    expect([...objects.keys()]).toEqual(["/journals/%21probe"]);
  });

  test("is refused when it says so itself", async () => {
    const settings = await serve((_, response) => response.writeHead(501).end());
    const unsafe = await thrownBy(() => new JournalBucket(settings).putIfAbsent("a", "b"));
    expect(unsafe.code).toBe("IOT_JOURNAL_STORE_UNSAFE");
  });
});

test.each<[string, Record<string, string>, boolean]>([
  ["when an object was written", {}, true],
  ["what time it is", { "last-modified": new Date().toUTCString() }, false],
])(
  "a store that does not say %s is refused, since no lease there would end",
  async (_, headers, saysDate) => {
    const settings = await serve((request, response) => {
      response.sendDate = saysDate;
      if (request.method === "PUT") return response.writeHead(412).end();
      return response.writeHead(200, { "content-length": 2, ...headers }).end("{}");
    });
    const unsafe = await thrownBy(() => new JournalBucket(settings).putIfAbsent("a", "b"));
    expect(unsafe.code).toBe("IOT_JOURNAL_STORE_UNSAFE");
    expect(unsafe.message).toContain("Last-Modified");
  },
);

describe("a store that is in trouble", () => {
  test("cannot be reached", async () => {
    const journals = new S3Journals(settingsAt(`http://127.0.0.1:${await freePort()}`), systemClock);
    for (const use of [() => journals.list(), () => journals.create("fan", entry)]) {
      const unreachable = await thrownBy(use);
      expect(unreachable).toMatchObject({ code: "IOT_JOURNAL_STORE_UNREACHABLE", exit: 7 });
      expect(unreachable.message).toContain("ECONNREFUSED");
      expect(unreachable.hints[0]).toMatch(/^See whether it answers: curl -i http/);
    }
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ["says nothing", () => {}],
    ["falls silent in the middle", (response) => response.writeHead(200, { "content-length": 9 }).write("{")],
    [
      "ends in the middle",
      (response) => response.writeHead(200, { "content-length": 9 }).end("{", () => response.destroy()),
    ],
    ["is too busy", (response) => response.writeHead(503).end()],
    ["breaks", (response) => response.writeHead(500).end("<html>oops")],
    ["asks for patience", (response) => response.writeHead(429).end()],
    [
      "sends what no journal holds",
      (response) => response.writeHead(200, { "content-length": objectBytesMax + 1 }).flushHeaders(),
    ],
  ])("is given up when it %s", async (_, answer) => {
    const settings = await serve((__, response) => void answer(response));
    const bucket = new JournalBucket(settings, 100);
    expect((await thrownBy(() => bucket.get("a"))).code).toBe("IOT_JOURNAL_STORE_UNREACHABLE");
  });

  test("is given up when its names never end", async () => {
    const settings = await serve((_, response) =>
      response.end(
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken></ListBucketResult>",
      ),
    );
    const endless = await thrownBy(() => new JournalBucket(settings).names("fan/"));
    expect(endless.code).toBe("IOT_JOURNAL_STORE_UNREACHABLE");
    expect(endless.message).toContain("pages");
  });

  test("is given up when an object can neither be written nor read", async () => {
    const settings = await serve((request, response) =>
      response.writeHead(request.method === "PUT" ? 409 : 404).end("<Error><Code>NoSuchKey</Code></Error>"),
    );
    const stuck = await thrownBy(() => new JournalBucket(settings).putIfAbsent("a", "b"));
    expect(stuck.code).toBe("IOT_JOURNAL_STORE_UNREACHABLE");
  });

  test("takes a conflict of two writes for a reason to look again", async () => {
    let puts = 0;
    const settings = await serve((request, response) => {
      if (request.method === "GET" && puts < 3) {
        return response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
      }
      if (request.method === "GET") return response.end("theirs");
      puts += 1;
      return response.writeHead(409).end("<Error><Code>ConditionalRequestConflict</Code></Error>");
    });
    expect(await new JournalBucket(settings).putIfAbsent("a", "ours")).toBe("theirs");
  });

  test("is asked again for its promise when it did not answer the first time", async () => {
    let isAway = true;
    const names = new Set<string | undefined>();
    const settings = await serve((request, response) => {
      if (isAway) return response.writeHead(503).end();
      if (request.method === "GET") {
        response.setHeader("last-modified", new Date().toUTCString());
        return response.writeHead(200, { "content-length": 2 }).end("{}");
      }
      const isFirst = !names.has(request.url);
      names.add(request.url);
      return response.writeHead(isFirst ? 200 : 412).end();
    });
    const bucket = new JournalBucket(settings);
    expect((await thrownBy(() => bucket.putIfAbsent("a", "b"))).code).toBe("IOT_JOURNAL_STORE_UNREACHABLE");
    isAway = false;
    expect(await bucket.putIfAbsent("a", "b")).toBeNull();
  });
});

test("says what is missing where nobody gave credentials", async () => {
  const nowhere = `${temporaryDirectory()}/none`;
  const environment = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  onTestFinished(() => before.forEach(([name, value]) => vi.stubEnv(name, value)));
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const settings = await serve((_, response) => response.end());
  const refused = await thrownBy(() => new S3Journals(settings, systemClock).list());
  expect(refused).toMatchObject({ code: "IOT_JOURNAL_STORE_REFUSED", exit: 7 });
  expect(refused.hints[0]).toContain("export AWS_ACCESS_KEY_ID");
});

test("a record that is larger than an object may be is not written", async () => {
  const settings = await serve((_, response) => response.writeHead(500).end());
  const reason = "x".repeat(objectBytesMax);
  const huge = chainRecord(undefined, { at: 0, event: { type: "paused", by: "ann", reason }, effects: [] });
  const refused = await thrownBy(() => new S3Journals(settings, systemClock).open("fan").append(huge));
  expect(refused).toMatchObject({ code: "IOT_JOURNAL_RECORD_TOO_LARGE", exit: 3 });
});
