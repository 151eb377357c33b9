import { describe, expect, it } from "vitest";
import { meaningForCancel, meaningForDeployment } from "../../src/ddi/feedback-meaning.ts";
import type { DdiExecution, DdiFeedback } from "../../src/ddi/wire.ts";

type Finished = DdiFeedback["status"]["result"]["finished"];

function feedback(execution: DdiExecution, finished: Finished, details: string[] = []): DdiFeedback {
  return { status: { execution, result: { finished }, details } };
}

describe("meaningForDeployment", () => {
  it.each<[DdiExecution, Finished, unknown]>([
    ["closed", "success", { kind: "closed", state: "succeeded" }],
    ["closed", "none", { kind: "closed", state: "succeeded" }],
    ["closed", "failure", { kind: "closed", state: "failed" }],
    ["canceled", "success", { kind: "closed", state: "canceled" }],
    ["download", "none", { kind: "open", state: "downloading" }],
    ["downloaded", "success", { kind: "open", state: "downloading" }],
    ["proceeding", "none", { kind: "open", state: "installing" }],
    ["proceeding", "success", { kind: "open", state: "installing" }],
    ["resumed", "none", { kind: "open", state: "installing" }],
    ["scheduled", "none", { kind: "open", state: null }],
    ["rejected", "failure", { kind: "open", state: null }],
  ])("%s/%s", (execution, finished, meaning) => {
    expect(meaningForDeployment(feedback(execution, finished), false)).toEqual(meaning);
  });

  it.each<[DdiExecution, Finished, unknown]>([
    ["downloaded", "success", { kind: "closed", state: "succeeded" }],
    ["downloaded", "none", { kind: "closed", state: "succeeded" }],
    ["downloaded", "failure", { kind: "open", state: "downloading" }],
    ["closed", "success", { kind: "closed", state: "succeeded" }],
    ["closed", "failure", { kind: "closed", state: "failed" }],
    ["canceled", "none", { kind: "closed", state: "canceled" }],
    ["download", "none", { kind: "open", state: "downloading" }],
    ["proceeding", "none", { kind: "open", state: "downloading" }],
    ["scheduled", "none", { kind: "open", state: null }],
  ])("%s/%s where the image was only to be staged", (execution, finished, meaning) => {
    expect(meaningForDeployment(feedback(execution, finished), true)).toEqual(meaning);
  });

  it("trap 5: a client that skips has staged nothing", () => {
    expect(meaningForDeployment(feedback("closed", "success", ["Skipped Update."]), true)).toEqual({
      kind: "closed",
      state: "failed",
    });
  });

  it("trap 5: a skipped update is not an installed one", () => {
    for (const finished of ["success", "none"] as const) {
      const meaning = meaningForDeployment(feedback("closed", finished, ["Skipped Update."]), false);
      expect(meaning).toEqual({ kind: "open", state: null });
    }
    expect(meaningForDeployment(feedback("closed", "failure", ["Skipped Update."]), false)).toMatchObject({
      state: "failed",
    });
  });
});

describe("meaningForCancel", () => {
  it.each<[DdiExecution, Finished, string]>([
    ["closed", "success", "agreed"],
    ["closed", "none", "agreed"],
    ["closed", "failure", "refused"],
    ["canceled", "none", "agreed"],
    ["rejected", "none", "refused"],
    ["proceeding", "none", "undecided"],
  ])("%s/%s is %s", (execution, finished, meaning) => {
    expect(meaningForCancel(feedback(execution, finished))).toBe(meaning);
  });
});
