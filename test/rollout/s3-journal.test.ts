import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { S3JournalSettings } from "../../src/manifest/environment.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type { JournalEntry, JournalRecord, TurnHold } from "../../src/rollout/journal/journal.ts";
import { S3Journals } from "../../src/rollout/journal/s3/s3-journals.ts";
import { rolloutJournalContract } from "../contract/rollout-journal.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { RadosgwLink } from "../support/radosgw-link.ts";
import { startRadosgw } from "../support/radosgw.ts";
import { thrownBy } from "../support/thrown-by.ts";

const bucket = "journals";
const radosgw = await startRadosgw();

describe.skipIf(radosgw === null)("radosgw", () => {
  if (radosgw === null) return;
  const client = new S3Client({
    endpoint: radosgw.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: radosgw,
  });
  beforeAll(async () => {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(() => radosgw.stop());
  beforeEach(() => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", radosgw.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", radosgw.secretAccessKey);
  });

  /** A place of its own in the bucket, and a way to it. */
  const openPlace = async () => {
    const link = await RadosgwLink.open(radosgw);
    const settings: S3JournalSettings = {
      kind: "s3",
      bucket,
      prefix: `${randomUUID()}/`,
      endpoint: link.url,
      region: "us-east-1",
      pathStyle: true,
    };
    const connect = (clock: Clock = new ImpatientClock()) => new S3Journals(settings, clock);
    const put = (name: string, text: string) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: settings.prefix + name, Body: text }));
    const get = async (name: string): Promise<string | null> => {
      const command = new GetObjectCommand({ Bucket: bucket, Key: settings.prefix + name });
      const answer = await client.send(command).catch(() => null);
      return (await answer?.Body?.transformToString()) ?? null;
    };
    const remove = (name: string) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: settings.prefix + name }));
    return { link, settings, connect, get, put, remove };
  };

  rolloutJournalContract(
    "S3Journals",
    async () => {
      const { connect, get, link, put, remove } = await openPlace();
      const clock = new ImpatientClock();
      return {
        connect: () => connect(clock),
        async tamper(rolloutId, change) {
          const texts: string[] = [];
          for (let text = await get(nameOf(rolloutId, 1)); text !== null;) {
            texts.push(text);
            await remove(nameOf(rolloutId, texts.length));
            text = await get(nameOf(rolloutId, texts.length + 1));
          }
          for (const [index, text] of change(texts).entries()) await put(nameOf(rolloutId, index + 1), text);
        },
        runOut() {
          clock.leap(66_000);
          link.aheadMs = 66_000;
        },
      };
    },
    { noticesLostEnd: true },
  );

  describe("a journal in a bucket", () => {
    test("has every record once though answers to its writes are lost", async () => {
      const { connect, link } = await openPlace();
      const lost = new Set<string>();
      link.fault = (request) => {
        if (!request.startsWith("PUT ") || lost.has(request)) return "none";
        lost.add(request);
        return lost.size % 2 === 0 ? "cut" : "cut-after";
      };
      const journal = await connect().create("fan", entry("a"));
      const [first] = await journal.read();
      expect(await journal.append(chainRecord(first, entry("b")))).toBe(true);
      expect(await journal.turn(async () => "free")).toBe("free");
      expect(
        await connect()
          .open("fan")
          .turn(async () => "free"),
      ).toBe("free");
      expect((await connect().open("fan").read()).map(reasonOf)).toEqual(["a", "b"]);
      expect(lost.size).toBeGreaterThan(4);
    });

    test("goes on behind a write of which nobody knew for a while whether it arrived", async () => {
      const { connect, link } = await openPlace();
      const journal = await connect().create("fan", entry("a"));
      const second = chainRecord((await journal.read())[0], entry("b"));
      link.fault = (request) => (request.endsWith("2.json") ? "cut-after" : "none");
      expect((await thrownBy(() => journal.append(second))).code).toBe("IOT_JOURNAL_STORE_UNREACHABLE");
      link.fault = () => "none";
      expect(await journal.append(second)).toBe(true);
      expect((await journal.read()).map(reasonOf)).toEqual(["a", "b"]);
    });

    test("lets one of many racers for the same place in", async () => {
      const { connect } = await openPlace();
      const [first] = await (await connect().create("fan", entry("a"))).read();
      const racers = ["b", "c", "d", "e", "f", "g", "h", "i"];
      const won = await Promise.all(
        racers.map((reason) =>
          connect()
            .open("fan")
            .append(chainRecord(first, entry(reason))),
        ),
      );
      const winners = racers.filter((_, index) => won[index]);
      expect(winners).toHaveLength(1);
      expect((await connect().open("fan").read()).map(reasonOf)).toEqual(["a", ...winners]);
    });

    test("names a record whose object is gone", async () => {
      const { connect, remove } = await openPlace();
      const journal = await connect().create("fan", entry("a"));
      let [last] = await journal.read();
      for (const reason of ["b", "c", "d"]) {
        last = chainRecord(last, entry(reason));
        await journal.append(last);
      }
      await remove(nameOf("fan", 2));
      const gap = await thrownBy(() => connect().open("fan").read());
      expect(gap).toMatchObject({ code: "IOT_JOURNAL_DAMAGED", details: { record: 2 } });
      await remove(nameOf("fan", 1));
      await connect().create("later", { ...entry("a"), at: 1 });
      expect(await connect().list()).toEqual(["later", "fan"]);
      for (const find of [() => connect().first("fan"), () => connect().open("fan").read()]) {
        expect(await thrownBy(find)).toMatchObject({ code: "IOT_JOURNAL_DAMAGED", details: { record: 1 } });
      }
    });

    test("is read by those who may not write", async () => {
      const { connect, link } = await openPlace();
      await connect().create("fan", entry("a"));
      link.requests.length = 0;
      expect(await connect().list()).toEqual(["fan"]);
      expect(await connect().open("fan").read()).toHaveLength(1);
      expect(link.requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
    });

    test("is no rollout for having been asked for a turn with it", async () => {
      const { connect } = await openPlace();
      const unknown = await thrownBy(() =>
        connect()
          .open("nothing")
          .turn(() => connect().open("nothing").read()),
      );
      expect(unknown.code).toBe("IOT_ROLLOUT_UNKNOWN");
      expect(await connect().list()).toEqual([]);
    });
  });

  describe("a turn with a journal in a bucket", () => {
    const openTurn = async () => {
      const place = await openPlace();
      await place.connect().create("fan", entry("a"));
      const clock = new VirtualClock(1_700_000_000_000);
      let sleepers = 0;
      const watched: Clock = {
        now: () => clock.now(),
        async sleep(ms, signal) {
          sleepers += 1;
          await clock.sleep(ms, signal).finally(() => (sleepers -= 1));
        },
      };
      /** Waits until a renewal is done or has failed. */
      const renewed = () => vi.waitFor(() => expect(sleepers).toBe(1), 10_000);
      const renew = async (): Promise<void> => {
        await clock.advance(20_000);
        await renewed();
      };
      const journal = place.connect(watched).open("fan");
      const others = () => place.connect().open("fan");
      return { ...place, clock, journal, others, renew, renewed };
    };

    test("lasts as long as its work, and is nobody else's meanwhile", async () => {
      const { journal, link, others, renew } = await openTurn();
      await journal.turn(async (hold) => {
        for (let times = 0; times < 4; times++) {
          await renew();
          hold.assertHeld();
        }
        link.aheadMs = 59_000;
        const refused = await thrownBy(() => others().turn(async () => "two turns"));
        expect(refused.code).toBe("IOT_ROLLOUT_LOCKED");
      });
      link.aheadMs = 0;
      expect(await others().turn(async () => "free")).toBe("free");
    });

    test("survives a renewal of which the answer is lost, and is let go of at its end all the same", async () => {
      const { journal, link, others, renew } = await openTurn();
      await journal.turn(async (hold) => {
        link.fault = (request) => (request.startsWith("PUT ") ? "cut-after" : "none");
        await renew();
        hold.assertHeld();
        link.fault = () => "none";
        await renew();
        await renew();
        hold.assertHeld();
        link.fault = (request) => (request.startsWith("PUT ") ? "cut-after" : "none");
        await renew();
        link.fault = () => "none";
      });
      expect(await others().turn(async () => "free")).toBe("free");
    });

    test("is lost to whoever cannot renew it", async () => {
      const { clock, journal, link, others, renew } = await openTurn();
      await journal.turn(async (hold) => {
        link.fault = () => "busy";
        await renew();
        await renew();
        hold.assertHeld();
        await clock.advance(20_000);
        expect((await thrownBy(async () => hold.assertHeld())).message).toContain("lost");
      });
      link.fault = () => "none";
      expect((await thrownBy(() => others().turn(async () => "early"))).code).toBe("IOT_ROLLOUT_LOCKED");
      link.aheadMs = 66_000;
      expect(await others().turn(async () => "free")).toBe("free");
    });

    test("ends without ending the turn of another who has taken it over", async () => {
      const { connect, link, others } = await openTurn();
      const clock = new ImpatientClock();
      const ending = Promise.withResolvers<void>();
      let theirs: Promise<void> = Promise.resolve();
      await connect(clock)
        .open("fan")
        .turn(async (hold) => {
          clock.leap(60_000);
          link.aheadMs = 66_000;
          const begun = Promise.withResolvers<TurnHold>();
          theirs = others().turn((theirHold) => {
            begun.resolve(theirHold);
            return ending.promise;
          });
          (await begun.promise).assertHeld();
          expect((await thrownBy(async () => hold.assertHeld())).code).toBe("IOT_ROLLOUT_LOCKED");
        });
      link.aheadMs = 0;
      expect((await thrownBy(() => others().turn(async () => "two turns"))).code).toBe("IOT_ROLLOUT_LOCKED");
      ending.resolve();
      await theirs;
      expect(await others().turn(async () => "free")).toBe("free");
    });

    test("is lost to whose renewal arrives when others have had their turns", async () => {
      const { clock, journal, link, others, renewed } = await openTurn();
      await journal.turn(async (hold) => {
        const [sent, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        link.before = (request) => {
          if (!request.startsWith("PUT ")) return;
          sent.resolve();
          return late.promise;
        };
        await clock.advance(20_000);
        await sent.promise;
        link.before = () => {};
        link.aheadMs = 66_000;
        for (const turn of ["first", "second"]) expect(await others().turn(async () => turn)).toBe(turn);
        late.resolve();
        await renewed();
        expect((await thrownBy(async () => hold.assertHeld())).code).toBe("IOT_ROLLOUT_LOCKED");
      });
    });

    test("is given to one of many who ask at once", async () => {
      const { others } = await openTurn();
      let inTurn = 0;
      const work = async (): Promise<number> => {
        inTurn += 1;
        expect(inTurn).toBe(1);
        await others().read();
        return inTurn--;
      };
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => others().turn(work)));
      expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
      for (const result of results) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "IOT_ROLLOUT_LOCKED" });
      }
    });
  });

  describe("a bucket that cannot be used", () => {
    test.each<[string, Partial<S3JournalSettings>, Record<string, string>, RegExp]>([
      ["it is not there", { bucket: "nowhere" }, {}, /create-bucket --bucket nowhere --endpoint-url http/],
      ["the secret is wrong", {}, { AWS_SECRET_ACCESS_KEY: "wrong" }, /aws s3 ls s3:\/\/journals/],
      ["the key is unknown", {}, { AWS_ACCESS_KEY_ID: "nobody" }, /aws s3 ls s3:\/\/journals/],
    ])("is refused with what to do: %s", async (_, change, environment, hint) => {
      const { settings } = await openPlace();
      const journals = new S3Journals({ ...settings, ...change }, new ImpatientClock());
      for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
      for (const use of [
        () => journals.list(),
        () => journals.open("fan").read(),
        () => journals.create("fan", entry("a")),
        () => journals.exclusively(async () => {}),
      ]) {
        const refused = await thrownBy(use);
        expect(refused).toMatchObject({ code: "IOT_JOURNAL_STORE_REFUSED", exit: 7 });
        expect(refused.hints[0]).toMatch(hint);
      }
    });
  });
});

function entry(reason: string): JournalEntry {
  return { at: 0, event: { type: "paused", by: "ann", reason }, effects: [] };
}

const reasonOf = ({ event }: JournalRecord): string => (event.type === "paused" ? event.reason : event.type);
const nameOf = (rolloutId: string, seq: number): string =>
  `${rolloutId}/${String(seq).padStart(12, "0")}.json`;
