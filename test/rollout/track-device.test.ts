import { describe, expect, it } from "vitest";
import type { DeliveryState } from "../../src/fleet/fleet-backend.ts";
import type { DeviceProgress } from "../../src/rollout/engine/state.ts";
import { trackDevice } from "../../src/rollout/engine/track-device.ts";
import { device, fanConfig, hourMs, outcome, progress } from "../support/fan-rollout.ts";

const { gates } = fanConfig();
const assigned = progress({ status: "assigned", beganAtMs: null, heard: false });
const nowMs = 100 * hourMs;

interface Row {
  readonly before?: Partial<DeviceProgress>;
  readonly state: DeliveryState;
  readonly reported?: "1.9.4" | "2.0.0";
  /** Hours before now. */
  readonly began?: number;
  readonly closed?: number;
  readonly spoke?: number;
  readonly contact?: number;
  readonly expected: Partial<DeviceProgress>;
}

function track(row: Row): DeviceProgress {
  const before = {
    ...assigned,
    ...(row.began === undefined ? {} : { beganAtMs: nowMs - row.began * hourMs }),
    ...row.before,
  };
  const contactMs = row.contact === undefined ? null : nowMs - row.contact * hourMs;
  return trackDevice(
    before,
    outcome("a", {
      state: row.state,
      message: "the message",
      closedAtMs: row.closed === undefined ? null : nowMs - row.closed * hourMs,
      reportedAtMs: row.spoke === undefined ? null : nowMs - row.spoke * hourMs,
    }),
    device("a", { reportedVersion: row.reported ?? "1.9.4", lastContactAtMs: contactMs }),
    gates,
    nowMs,
  );
}

describe("trackDevice", () => {
  it.each<[string, Row]>([
    [
      "sleeping is not failing, however long",
      { state: "pending", contact: 90, expected: { status: "assigned" } },
    ],
    ["what was taken back never began", { state: "canceled", closed: 1, expected: { status: "assigned" } }],
    [
      "a failure is one, with its reason",
      { state: "failed", closed: 1, expected: { status: "failed", reason: "the message" } },
    ],
    [
      "a failure is one even where the new version runs",
      { state: "failed", closed: 1, reported: "2.0.0", expected: { status: "failed" } },
    ],
    [
      "the first sign of beginning starts the clock",
      { state: "retrieved", expected: { status: "updating", beganAtMs: nowMs } },
    ],
    [
      "downloading within the deadline",
      { state: "downloading", began: 5.9, expected: { status: "updating" } },
    ],
    ["installing within the deadline", { state: "installing", began: 6, expected: { status: "updating" } }],
    [
      "seen and silent: failed after the deadline",
      {
        state: "retrieved",
        began: 6.1,
        expected: { status: "failed", reason: "began and was not done within 6h" },
      },
    ],
    [
      "stuck in a download: failed after the deadline",
      { state: "downloading", began: 6.1, expected: { status: "failed" } },
    ],
    [
      "stuck in an installation: failed after the deadline",
      { state: "installing", began: 6.1, expected: { status: "failed" } },
    ],
    [
      "success is what runs",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 1,
        spoke: 0.5,
        contact: 0.5,
        expected: { status: "updated", heard: true, silent: false },
      },
    ],
    [
      "success needs no further word, but is not heard yet",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 1,
        spoke: 1,
        contact: 1,
        expected: { status: "updated", heard: false, silent: false },
      },
    ],
    [
      "a word is not enough: another version was reported since",
      {
        state: "succeeded",
        closed: 1,
        spoke: 0.5,
        contact: 0.5,
        expected: { status: "failed", reason: "said it succeeded, but runs 1.9.4" },
      },
    ],
    [
      "no version reported since: it is waited for",
      {
        state: "succeeded",
        closed: 1,
        spoke: 2,
        contact: 0.5,
        expected: { status: "updating", beganAtMs: nowMs - hourMs },
      },
    ],
    [
      "no version reported since, and the deadline is over",
      { state: "succeeded", closed: 7, spoke: 8, contact: 0.1, expected: { status: "failed" } },
    ],
    [
      "silent from the start",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 2.1,
        spoke: 2.1,
        contact: 2.1,
        expected: { status: "updated", heard: false, silent: true },
      },
    ],
    [
      "silent after it was heard",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 9,
        spoke: 8,
        contact: 7.1,
        expected: { status: "updated", heard: true, silent: true },
      },
    ],
    [
      "switched off long after it had lived with the update",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 90,
        spoke: 89,
        contact: 88,
        expected: { status: "updated", heard: true, silent: false },
      },
    ],
    [
      "heard just in time",
      { state: "succeeded", reported: "2.0.0", closed: 9, spoke: 8, contact: 2, expected: { silent: false } },
    ],
    [
      "never seen at all",
      { state: "succeeded", reported: "2.0.0", closed: 3, expected: { heard: false, silent: true } },
    ],
    [
      "heard of at a time that is hours ahead: not heard of at all, and silent in the end",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 3,
        contact: -9,
        expected: { heard: false, silent: true },
      },
    ],
    [
      "heard of by a clock that goes a little ahead",
      {
        state: "succeeded",
        reported: "2.0.0",
        closed: 3,
        contact: -1,
        expected: { heard: true, silent: false },
      },
    ],
    [
      "fell back after it was updated",
      {
        before: { status: "updated" },
        state: "succeeded",
        closed: 3,
        spoke: 0.1,
        contact: 0.1,
        expected: { status: "failed", reason: "fell back to 1.9.4" },
      },
    ],
    [
      "late, but there: what was given up has arrived",
      {
        before: { status: "failed", reason: "began and was not done within 6h" },
        began: 8,
        state: "succeeded",
        reported: "2.0.0",
        closed: 1,
        spoke: 0.5,
        contact: 0.5,
        expected: { status: "updated", reason: "" },
      },
    ],
  ])("%s", (_, row) => {
    expect(track(row)).toMatchObject(row.expected);
  });

  it("knows nothing new without an outcome, but does not wait for ever for one that began", () => {
    expect(trackDevice(assigned, undefined, device("a"), gates, nowMs)).toBe(assigned);
    const begun = progress({ status: "updating", beganAtMs: nowMs - 7 * hourMs });
    expect(trackDevice(begun, undefined, undefined, gates, nowMs).status).toBe("failed");
  });

  it("takes the shortest deadline of the gates, and six hours where there are none", () => {
    const begun = progress({ status: "updating", beganAtMs: nowMs - 3 * hourMs });
    const installing = outcome("a", { state: "installing" });
    const gate = { measure: "update-failure", limitPercent: 2, alpha: 0.05, deadlineMs: 2 * hourMs } as const;
    const strict = { ...gates, strict: gate };
    expect(trackDevice(begun, installing, undefined, strict, nowMs).status).toBe("failed");
    expect(trackDevice(begun, installing, undefined, {}, nowMs).status).toBe("updating");
    expect(trackDevice(begun, installing, undefined, {}, nowMs + 4 * hourMs).status).toBe("failed");
  });
});
