import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import {
  type Assignment,
  canStage,
  type DeviceOutcome,
  type FleetArtifact,
  type FleetBackend,
} from "../../src/fleet/fleet-backend.ts";

/** A fleet of its own for each test, and the power to be its devices. */
export interface FleetHarness {
  readonly backend: FleetBackend;
  /** Makes a device known to the backend; it has not been in touch yet. */
  addDevice(
    id: string,
    options: { hardware: string; labels?: Record<string, string> },
  ): Promise<DeviceDriver>;
  close(): Promise<void>;
}

/** One device, as far as a backend can tell. */
export interface DeviceDriver {
  /** Gets in touch; what the device is asked to do. */
  contact(): Promise<"nothing" | "install" | "cancel">;
  /** Learns what it is to install, or (`staged`) to keep ready: from now on the device has seen it. */
  fetch(): Promise<{ component: string; version: string; rollback: boolean; staged?: boolean }>;
  /** Downloads what it is to install. */
  download(): Promise<Uint8Array>;
  /** Downloads the signed release behind it. */
  attestation(): Promise<Uint8Array>;
  report(state: "downloading" | "installing" | "succeeded" | "failed", message: string): Promise<void>;
  /** Says that the image is there, kept ready; needed of backends that can stage. */
  reportStaged?(message: string): Promise<void>;
  answerCancel(answer: "agreed" | "refused"): Promise<void>;
  /** Says what really runs, and which apps were seen. */
  runs(version: string, apps?: readonly { component: string; version: string }[]): Promise<void>;
}

const seen: readonly string[] = ["retrieved", "downloading", "installing"];

/** What every fleet backend must do. Call it in a test file with a way to make the backend and its devices. */
export function fleetBackendContract(name: string, open: () => Promise<FleetHarness>): void {
  describe(`fleet backend contract: ${name}`, () => {
    let harness: FleetHarness;
    let backend: FleetBackend;
    beforeEach(async () => {
      harness = await open();
      ({ backend } = harness);
    });
    afterEach(() => harness.close());

    const give = async (version: string, deviceIds: readonly string[], more: Partial<Assignment> = {}) => {
      const { assignment, images, attestation } = firmware(version);
      for (const image of images) await backend.ensureArtifact(image);
      await backend.ensureAttestation(attestation);
      return backend.assign({ ...assignment, ...more }, deviceIds);
    };
    const outcomeOf = async (assignmentId: string, deviceId: string): Promise<DeviceOutcome> => {
      const { outcomes } = await backend.observe(assignmentId, { limit: 1000 });
      const outcome = outcomes.find((candidate) => candidate.deviceId === deviceId);
      if (!outcome) throw new Error(`${assignmentId} has no outcome for ${deviceId}`);
      return outcome;
    };
    const deviceOf = async (id: string) => {
      const { devices } = await backend.listDevices({ limit: 1000 });
      return devices.find((device) => device.id === id);
    };

    it("lists every device once, in the order of ids, in pages of any size", async () => {
      const ids = ["d3", "d1", "d10", "d2", "d-0"];
      for (const id of ids) await harness.addDevice(id, { hardware: "a1" });
      for (const limit of [1, 2, 5, 1000]) {
        const found: string[] = [];
        let after: string | null | undefined;
        do {
          const page = await backend.listDevices({ limit, ...(after && { after }) });
          expect(page.devices.length).toBeLessThanOrEqual(limit);
          found.push(...page.devices.map((device) => device.id));
          after = page.next;
        } while (after !== null);
        expect(found).toEqual(ids.toSorted());
      }
    });

    it("shows a device as it was made known, before it was ever in touch", async () => {
      await harness.addDevice("d1", { hardware: "a1", labels: { ring: "canary" } });
      expect(await deviceOf("d1")).toEqual({
        id: "d1",
        hardware: "a1",
        labels: { ring: "canary" },
        reportedVersion: null,
        pairedApps: [],
        lastContactAtMs: null,
        activeAssignmentId: null,
      });
    });

    it("shows what a device says it runs, the apps it met, and when it was in touch", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      const apps = [{ component: "app-ios", version: "4.1.0" }];
      await device.runs("1.9.4", apps);
      const shown = await deviceOf("d1");
      expect(shown).toMatchObject({ reportedVersion: "1.9.4", pairedApps: apps });
      expect(shown?.lastContactAtMs).toEqual(expect.any(Number));
      await device.runs("2.0.0", []);
      expect(await deviceOf("d1")).toMatchObject({ reportedVersion: "2.0.0", pairedApps: [] });
    });

    it("carries an update from pending to success, image and signed release whole", async () => {
      const device = await harness.addDevice("d1", { hardware: "b2" });
      expect(await device.contact()).toBe("nothing");
      expect(await give("2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({ state: "pending", closedAtMs: null });
      expect(await deviceOf("d1")).toMatchObject({ activeAssignmentId: "a:2.0.0" });
      expect(await device.contact()).toBe("install");
      expect(await device.fetch()).toEqual({ component: "fan", version: "2.0.0", rollback: false });
      expect(seen).toContain((await outcomeOf("a:2.0.0", "d1")).state);
      expect(Buffer.from(await device.download()).toString()).toBe("fan 2.0.0 for b2");
      expect(Buffer.from(await device.attestation()).toString()).toBe('{"release":"2.0.0"}');
      await device.report("downloading", "50 %");
      expect(seen).toContain((await outcomeOf("a:2.0.0", "d1")).state);
      await device.report("installing", "on trial");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({ message: "on trial", closedAtMs: null });
      await device.report("succeeded", "healthy");
      await device.runs("2.0.0");
      const outcome = await outcomeOf("a:2.0.0", "d1");
      expect(outcome).toMatchObject({ state: "succeeded", message: "healthy", reportedVersion: "2.0.0" });
      expect(outcome.closedAtMs).toBeGreaterThanOrEqual(outcome.assignedAtMs);
      expect(await deviceOf("d1")).toMatchObject({ activeAssignmentId: null });
      expect(await device.contact()).toBe("nothing");
    });

    it("keeps a success apart from the version that really runs", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      await device.runs("1.9.4");
      await give("2.0.0", ["d1"]);
      await device.fetch();
      await device.report("succeeded", "");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({
        state: "succeeded",
        reportedVersion: "1.9.4",
      });
      await device.runs("2.0.0");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({ reportedVersion: "2.0.0" });
      await device.runs("1.9.4");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({
        state: "succeeded",
        reportedVersion: "1.9.4",
      });
    });

    it("tells a failure with what the device said, and frees the device", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      await give("2.0.0", ["d1"]);
      await device.fetch();
      await device.report("failed", "no answer on port 8080");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({
        state: "failed",
        message: "no answer on port 8080",
      });
      expect(await give("1.9.4", ["d1"], { rollback: true })).toMatchObject({ assigned: ["d1"] });
      expect(await device.fetch()).toEqual({ component: "fan", version: "1.9.4", rollback: true });
    });

    it("changes nothing when it assigns again", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      await give("2.0.0", ["d1"]);
      await device.fetch();
      const before = await outcomeOf("a:2.0.0", "d1");
      expect(await give("2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
      expect({ ...(await outcomeOf("a:2.0.0", "d1")), lastContactAtMs: 0 }).toEqual({
        ...before,
        lastContactAtMs: 0,
      });
      await device.report("succeeded", "");
      expect(await give("2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
      expect(await device.contact()).toBe("nothing");
    });

    it("lets an assignment grow", async () => {
      for (const id of ["d1", "d2", "d3"]) await harness.addDevice(id, { hardware: "a1" });
      await give("2.0.0", ["d1"]);
      await give("2.0.0", ["d1", "d3"]);
      const { outcomes } = await backend.observe("a:2.0.0", { limit: 1000 });
      expect(outcomes.map((outcome) => outcome.deviceId)).toEqual(["d1", "d3"]);
    });

    it("refuses a busy device, pending or not, and leaves it alone", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      await give("2.0.0", ["d1"]);
      for (const step of ["pending", "seen"]) {
        const { assigned, refused } = await give("2.1.0", ["d1"]);
        expect([step, assigned, refused.map((each) => each.deviceId)]).toEqual([step, [], ["d1"]]);
        expect(refused[0]?.reason).toContain("a:2.0.0");
        expect(await device.fetch()).toMatchObject({ version: "2.0.0" });
      }
    });

    it("refuses unknown devices and hardware without a variant, and assigns the rest", async () => {
      await harness.addDevice("d1", { hardware: "a1" });
      await harness.addDevice("d2", { hardware: "z9" });
      const { assigned, refused } = await give("2.0.0", ["d1", "d2", "ghost"]);
      expect(assigned).toEqual(["d1"]);
      expect(refused.map((each) => each.deviceId)).toEqual(["d2", "ghost"]);
      for (const { reason } of refused) expect(reason).not.toBe("");
    });

    it("refuses an image whose bytes are not its digest's", async () => {
      const image = { ...artifact("true bytes"), open: artifact("evil bytes").open };
      await expect(backend.ensureArtifact(image)).rejects.toThrow(Error);
      await expect(backend.ensureArtifact(artifact("true bytes"))).resolves.toBeUndefined();
    });

    it("cancels at once what a device has not seen", async () => {
      const device = await harness.addDevice("d1", { hardware: "a1" });
      await give("2.0.0", ["d1"]);
      expect(await backend.cancel("a:2.0.0")).toEqual({ canceled: ["d1"], requested: [] });
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({
        state: "canceled",
        closedAtMs: expect.any(Number),
      });
      expect(await device.contact()).toBe("nothing");
      expect(await give("2.1.0", ["d1"])).toMatchObject({ assigned: ["d1"] });
    });

    it("asks a device that has begun, and takes its answer", async () => {
      const [agrees, refuses] = [
        await harness.addDevice("d1", { hardware: "a1" }),
        await harness.addDevice("d2", { hardware: "a1" }),
      ];
      await give("2.0.0", ["d1", "d2"]);
      for (const device of [agrees, refuses]) await device.fetch();
      const asked = await backend.cancel("a:2.0.0");
      expect([asked.canceled, [...asked.requested].toSorted()]).toEqual([[], ["d1", "d2"]]);
      expect(await backend.cancel("a:2.0.0")).toMatchObject({ canceled: [] });
      expect(await agrees.contact()).toBe("cancel");
      expect((await outcomeOf("a:2.0.0", "d1")).closedAtMs).toBeNull();
      await agrees.answerCancel("agreed");
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({ state: "canceled" });
      expect(await agrees.contact()).toBe("nothing");
      expect(await refuses.contact()).toBe("cancel");
      await refuses.answerCancel("refused");
      expect(await refuses.contact()).toBe("install");
      await refuses.report("succeeded", "");
      expect(await outcomeOf("a:2.0.0", "d2")).toMatchObject({ state: "succeeded" });
    });

    it("cancels only the devices that are named, never a closed one, and nothing of what it does not know", async () => {
      const done = await harness.addDevice("d1", { hardware: "a1" });
      for (const id of ["d2", "d3"]) await harness.addDevice(id, { hardware: "a1" });
      await give("2.0.0", ["d1", "d2", "d3"]);
      await done.fetch();
      await done.report("succeeded", "");
      expect(await backend.cancel("a:2.0.0", ["d1", "d2", "ghost"])).toEqual({
        canceled: ["d2"],
        requested: [],
      });
      expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({ state: "succeeded" });
      expect(await outcomeOf("a:2.0.0", "d3")).toMatchObject({ state: "pending" });
      expect(await backend.cancel("never-assigned")).toEqual({ canceled: [], requested: [] });
    });

    it("pages outcomes in the order of device ids; an assignment that nobody got has none", async () => {
      const ids = ["d3", "d1", "d2"];
      for (const id of ids) await harness.addDevice(id, { hardware: "a1" });
      await give("2.0.0", ids);
      const first = await backend.observe("a:2.0.0", { limit: 2 });
      expect(first.outcomes.map((outcome) => outcome.deviceId)).toEqual(["d1", "d2"]);
      const second = await backend.observe("a:2.0.0", { limit: 2, after: first.next ?? "" });
      expect(second.outcomes.map((outcome) => outcome.deviceId)).toEqual(["d3"]);
      expect(second.next).toBeNull();
      expect(await backend.observe("never-assigned", { limit: 2 })).toEqual({ outcomes: [], next: null });
    });

    describe("staging, where the backend can", () => {
      const stage = async (
        context: TestContext,
        version: string,
        deviceIds: readonly string[],
        more: Partial<Assignment> = {},
      ) => {
        if (!canStage(backend)) return context.skip("the backend cannot stage");
        const { assignment, images, attestation } = firmware(version);
        for (const image of images) await backend.ensureArtifact(image);
        await backend.ensureAttestation(attestation);
        return backend.stage({ ...assignment, id: `s:${version}`, ...more }, deviceIds);
      };

      it("brings an image to a device, which goes on running what it ran", async (context) => {
        const device = await harness.addDevice("d1", { hardware: "b2" });
        await device.runs("1.9.4");
        expect(await stage(context, "2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
        expect(await outcomeOf("s:2.0.0", "d1")).toMatchObject({ state: "pending", closedAtMs: null });
        expect(await device.contact()).toBe("install");
        expect(await device.fetch()).toMatchObject({ component: "fan", version: "2.0.0", staged: true });
        expect(Buffer.from(await device.download()).toString()).toBe("fan 2.0.0 for b2");
        expect(Buffer.from(await device.attestation()).toString()).toBe('{"release":"2.0.0"}');
        await device.report("downloading", "50 %");
        expect((await outcomeOf("s:2.0.0", "d1")).closedAtMs).toBeNull();
        await device.reportStaged?.("there");
        expect(await outcomeOf("s:2.0.0", "d1")).toMatchObject({
          state: "succeeded",
          message: "there",
          closedAtMs: expect.any(Number),
          reportedVersion: "1.9.4",
        });
        expect(await deviceOf("d1")).toMatchObject({ reportedVersion: "1.9.4", activeAssignmentId: null });
        expect(await device.contact()).toBe("nothing");
      });

      it("runs what was staged by an ordinary assignment with an id of its own", async (context) => {
        const device = await harness.addDevice("d1", { hardware: "a1" });
        await stage(context, "2.0.0", ["d1"]);
        await device.fetch();
        await device.reportStaged?.("");
        expect(await give("2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
        expect(await device.contact()).toBe("install");
        expect((await device.fetch()).staged ?? false).toBe(false);
        await device.report("succeeded", "");
        await device.runs("2.0.0");
        expect(await outcomeOf("a:2.0.0", "d1")).toMatchObject({
          state: "succeeded",
          reportedVersion: "2.0.0",
        });
        expect(await outcomeOf("s:2.0.0", "d1")).toMatchObject({ state: "succeeded" });
      });

      it("takes the success of a device that knows no other word, and tells a failure", async (context) => {
        const [plain, broken] = [
          await harness.addDevice("d1", { hardware: "a1" }),
          await harness.addDevice("d2", { hardware: "a1" }),
        ];
        await stage(context, "2.0.0", ["d1", "d2"]);
        for (const device of [plain, broken]) await device.fetch();
        await plain.report("succeeded", "");
        await broken.report("failed", "no room");
        expect(await outcomeOf("s:2.0.0", "d1")).toMatchObject({ state: "succeeded", reportedVersion: null });
        expect(await outcomeOf("s:2.0.0", "d2")).toMatchObject({ state: "failed", message: "no room" });
      });

      it("changes nothing when it stages again, open or ended", async (context) => {
        const device = await harness.addDevice("d1", { hardware: "a1" });
        await stage(context, "2.0.0", ["d1"]);
        await device.fetch();
        const { state, assignedAtMs } = await outcomeOf("s:2.0.0", "d1");
        expect(await stage(context, "2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
        expect(await outcomeOf("s:2.0.0", "d1")).toMatchObject({ state, assignedAtMs });
        await device.reportStaged?.("");
        expect(await stage(context, "2.0.0", ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
        expect(await device.contact()).toBe("nothing");
      });

      it("refuses a device that is busy, either way, and an id that stands for an ordinary assignment", async (context) => {
        const device = await harness.addDevice("d1", { hardware: "a1" });
        await give("2.0.0", ["d1"]);
        expect(await stage(context, "2.1.0", ["d1"])).toMatchObject({
          assigned: [],
          refused: [{ deviceId: "d1", reason: expect.stringContaining("a:2.0.0") }],
        });
        await expect(stage(context, "2.0.0", ["d1"], { id: "a:2.0.0" })).rejects.toThrow("a:2.0.0");
        await device.fetch();
        await device.report("failed", "");
        await stage(context, "2.1.0", ["d1"]);
        expect(await give("2.1.0", ["d1"])).toMatchObject({
          assigned: [],
          refused: [{ deviceId: "d1", reason: expect.stringContaining("s:2.1.0") }],
        });
        await expect(give("2.1.0", ["d1"], { id: "s:2.1.0" })).rejects.toThrow("s:2.1.0");
      });

      it("cancels a staged one that is open, and leaves one that ended alone", async (context) => {
        const [unseen, begun, done] = [
          await harness.addDevice("d1", { hardware: "a1" }),
          await harness.addDevice("d2", { hardware: "a1" }),
          await harness.addDevice("d3", { hardware: "a1" }),
        ];
        await stage(context, "2.0.0", ["d1", "d2", "d3"]);
        for (const device of [begun, done]) await device.fetch();
        await done.reportStaged?.("");
        expect(await backend.cancel("s:2.0.0")).toEqual({ canceled: ["d1"], requested: ["d2"] });
        expect(await unseen.contact()).toBe("nothing");
        expect(await begun.contact()).toBe("cancel");
        await begun.answerCancel("agreed");
        expect(await outcomeOf("s:2.0.0", "d2")).toMatchObject({ state: "canceled" });
        expect(await outcomeOf("s:2.0.0", "d3")).toMatchObject({ state: "succeeded" });
        expect(await give("2.1.0", ["d1", "d2", "d3"])).toMatchObject({ assigned: ["d1", "d2", "d3"] });
      });
    });
  });
}

function artifact(text: string): FleetArtifact {
  const bytes = Buffer.from(text);
  return {
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
    filename: "fan.bin",
    open: async function* () {
      yield bytes;
    },
  };
}

function firmware(version: string) {
  const images = { a1: artifact(`fan ${version} for a1`), b2: artifact(`fan ${version} for b2`) };
  const bytes = Buffer.from(JSON.stringify({ release: version }));
  const assignment: Assignment = {
    id: `a:${version}`,
    component: "fan",
    version,
    variants: Object.fromEntries(
      Object.entries(images).map(([hardware, { digest, sizeBytes }]) => [
        hardware,
        { digest, sizeBytes, filename: `fan-${hardware}.bin` },
      ]),
    ),
    attestationDigest: digestOf(bytes),
    rollback: false,
  };
  return { assignment, images: Object.values(images), attestation: { digest: digestOf(bytes), bytes } };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
