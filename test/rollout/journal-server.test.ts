import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type { JournalEntry, RolloutJournal, TurnHold } from "../../src/rollout/journal/journal.ts";
import { ServerJournals } from "../../src/rollout/journal/server/server-journals.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { startedFleet } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const entry = (reason: string): JournalEntry => ({
  at: 0,
  event: { type: "paused", by: "ann", reason },
  effects: [],
});

/** Journals at a server whose time stands still unless it leaps. */
async function started(dir = temporaryDirectory()) {
  const serverClock = new ImpatientClock();
  const { server } = await startedFleet({ dir, clock: serverClock });
  const connect = (clock = new VirtualClock()) =>
    new ServerJournals({ url: server.url, token: server.controlToken, clock });
  return { dir, server, serverClock, connect };
}

/** A turn that goes on until it is ended. */
async function heldTurn(journal: RolloutJournal): Promise<{ hold: TurnHold; end: () => Promise<void> }> {
  const begun = Promise.withResolvers<TurnHold>();
  const ending = Promise.withResolvers<void>();
  const turn = journal.turn((hold) => {
    begun.resolve(hold);
    return ending.promise;
  });
  turn.catch(begun.reject);
  return {
    hold: await begun.promise,
    end: () => {
      ending.resolve();
      return turn;
    },
  };
}

const isLocked = async (journal: RolloutJournal): Promise<boolean> =>
  journal.turn(async () => false).catch((error: { code?: string }) => error.code === "IOT_ROLLOUT_LOCKED");

describe("journals in the fleet server", () => {
  it("hold a turn for as long as it is renewed", async () => {
    const { connect, serverClock } = await started();
    const clock = new VirtualClock();
    const sleeps = vi.spyOn(clock, "sleep");
    const { hold, end } = await heldTurn(await connect(clock).create("fan", entry("a")));
    for (let renewals = 1; renewals < 6; renewals++) {
      expect(sleeps).toHaveBeenCalledTimes(renewals);
      await clock.advance(20_000);
      // It sleeps again when the renewal has come back.
      await vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(renewals + 1));
      serverClock.leap(59_000);
      hold.assertHeld();
      expect(await isLocked(connect().open("fan"))).toBe(true);
    }
    await end();
    expect(await isLocked(connect().open("fan"))).toBe(false);
  });

  it("tell the holder of a turn when another has it, though by his own clock it is his", async () => {
    const { connect, serverClock } = await started();
    const clock = new VirtualClock();
    const { hold, end } = await heldTurn(await connect(clock).create("fan", entry("a")));
    serverClock.leap(60_000);
    const theirs = await heldTurn(connect().open("fan"));
    hold.assertHeld();
    await clock.advance(20_000);
    await vi.waitFor(() => expect(() => hold.assertHeld()).toThrow("was lost"));
    await end();
    // He let go of nothing that was not his.
    expect(await isLocked(connect().open("fan"))).toBe(true);
    await theirs.end();
  });

  it("hold a turn through an outage that is shorter than it, and no longer", async () => {
    const { connect, server } = await started();
    const clock = new VirtualClock();
    const { hold, end } = await heldTurn(await connect(clock).create("fan", entry("a")));
    await server.close();
    await clock.advance(59_999);
    hold.assertHeld();
    await clock.advance(1);
    const lost = await thrownBy(async () => hold.assertHeld());
    expect(lost).toMatchObject({ code: "IOT_ROLLOUT_LOCKED", exit: 6 });
    const ended = end();
    // The attempts to let go pause in between.
    const passing = setInterval(() => void clock.advance(1000), 5);
    await ended;
    clearInterval(passing);
  });

  it("outlive the server, and so do turns", async () => {
    const first = await started();
    const journal = await first.connect().create("fan", entry("a"));
    const [record] = await journal.read();
    const { end } = await heldTurn(journal);
    await first.server.close();
    const second = await started(first.dir);
    const again = second.connect().open("fan");
    expect(await again.read()).toEqual([record]);
    expect(await isLocked(again)).toBe(true);
    second.serverClock.leap(60_000);
    expect(await isLocked(again)).toBe(false);
    void end().catch(() => {});
  });

  it("are damaged when the newest record is another than before", async () => {
    const { connect, dir } = await started();
    const journal = await connect().create("fan", entry("a"));
    const [first] = await journal.read();
    const [second, other] = [chainRecord(first, entry("b")), chainRecord(first, entry("other"))];
    await journal.append(second);
    const database = new DatabaseSync(join(dir, "fleet.db"));
    database
      .prepare("UPDATE rollout_record SET hash = ?, content = ? WHERE seq = 2")
      .run(other.hash, JSON.stringify(other));
    const refused = { code: "IOT_JOURNAL_DAMAGED", details: { record: 2 } };
    expect(await thrownBy(() => connect().open("fan").read())).toMatchObject(refused);
    // Whoever has read the one before is not led on by the other, whatever else was changed.
    database.prepare("UPDATE rollout SET newest_hash = ?").run(other.hash);
    database.close();
    expect(await connect().open("fan").read()).toEqual([first, other]);
    expect(await thrownBy(() => journal.read(second))).toMatchObject(refused);
  });

  it("are read in parts when they are long", async () => {
    const { connect } = await started();
    const journal = await connect().create("fan", entry("a"));
    const records = await journal.read();
    const appended = [];
    for (const letter of ["b", "c", "d"]) {
      const record = chainRecord([...records, ...appended].at(-1), entry(letter.repeat(2_500_000)));
      expect(await journal.append(record)).toBe(true);
      appended.push(record);
    }
    expect(await connect().open("fan").read(records[0])).toEqual(appended);
  });

  it("take no record that is too large for the server", async () => {
    const { connect } = await started();
    const journal = await connect().create("fan", entry("a"));
    const [first] = await journal.read();
    const error = await thrownBy(() =>
      journal.append(chainRecord(first, entry("x".repeat(16 * 1024 * 1024)))),
    );
    expect(error).toMatchObject({ code: "IOT_JOURNAL_RECORD_TOO_LARGE", exit: 3 });
    expect(await journal.read()).toEqual([first]);
  });

  it("say what is wrong with a server that cannot keep them", async () => {
    const { connect, server } = await started();
    const clock = new ImpatientClock();
    const stranger = new ServerJournals({ url: server.url, token: "wrong", clock });
    expect((await thrownBy(() => stranger.list())).code).toBe("IOT_FLEET_UNAUTHORIZED");
    const elsewhere = new ServerJournals({ url: `${server.url}/old`, token: server.controlToken, clock });
    const older = await thrownBy(() => elsewhere.list());
    expect(older).toMatchObject({
      code: "IOT_FLEET_REFUSED",
      hints: [expect.stringContaining("iotctl fleet serve")],
    });
    const journal = await connect(new VirtualClock()).create("fan", entry("a"));
    await server.close();
    const away = new ServerJournals({ url: server.url, token: server.controlToken, clock });
    expect((await thrownBy(() => away.open(journal.rolloutId).read())).code).toBe("IOT_FLEET_UNREACHABLE");
  });
});
