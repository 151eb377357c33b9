import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLenientJson } from "../../src/ddi/lenient-json.ts";
import { parseFeedback } from "../../src/ddi/parse-feedback.ts";

const executions = [
  "closed",
  "proceeding",
  "canceled",
  "scheduled",
  "rejected",
  "resumed",
  "downloaded",
  "download",
];

describe("parseFeedback", () => {
  it("reads what SWUpdate sends, with its numeric id and time", () => {
    const body = {
      id: 12,
      time: "20261122T075428",
      status: {
        result: { progress: { cnt: 0, of: 1 }, finished: "none" },
        execution: "proceeding",
        details: ["Installing Update Chunk Artifacts."],
      },
    };
    expect(parseFeedback(body)).toEqual({
      value: {
        status: {
          execution: "proceeding",
          result: { finished: "none", progress: { cnt: 0, of: 1 } },
          details: ["Installing Update Chunk Artifacts."],
        },
      },
    });
  });

  it("reads what Zephyr sends: a status and nothing else", () => {
    expect(parseFeedback({ status: { execution: "closed", result: { finished: "success" } } })).toEqual({
      value: { status: { execution: "closed", result: { finished: "success" }, details: [] } },
    });
  });

  it("takes details as a single string", () => {
    const parsed = parseFeedback({
      status: { execution: "closed", result: { finished: "failure" }, details: "no space" },
    });
    expect(parsed).toMatchObject({ value: { status: { details: ["no space"] } } });
  });

  it("keeps the last of too many details", () => {
    const details = Array.from({ length: 60 }, (_, line) => `line ${line}`);
    const parsed = parseFeedback({
      status: { execution: "closed", result: { finished: "failure" }, details },
    });
    expect(parsed).toMatchObject({ value: { status: { details: details.slice(10) } } });
  });

  it.each([
    [null, "status"],
    [[], "status"],
    [{ status: "closed" }, "status"],
    [{ status: { result: { finished: "none" } } }, "execution"],
    [{ status: { execution: "CLOSED", result: { finished: "none" } } }, "execution"],
    [{ status: { execution: "closed" } }, "result"],
    [{ status: { execution: "closed", result: { finished: "maybe" } } }, "finished"],
    [{ status: { execution: "closed", result: { finished: "none" }, details: [1] } }, "details"],
  ])("refuses %j and names what is wrong", (body, named) => {
    expect(parseFeedback(body)).toEqual({ problem: expect.stringContaining(named) });
  });

  it("never throws, whatever JSON it is given", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const parsed = parseFeedback(body);
        expect("value" in parsed || parsed.problem.length > 0).toBe(true);
      }),
    );
  });

  it("reads every valid report back to what it says, unknown members left out", () => {
    const report = fc.record({
      execution: fc.constantFrom(...executions),
      result: fc.record({ finished: fc.constantFrom("success", "failure", "none") }),
      details: fc.array(fc.string(), { maxLength: 50 }),
    });
    fc.assert(
      fc.property(report, fc.dictionary(fc.string(), fc.jsonValue()), (status, noise) => {
        const { status: _, ...extra } = noise;
        expect(parseFeedback({ ...extra, status: { ...extra, ...status } })).toMatchObject({
          value: { status },
        });
      }),
    );
  });
});

describe("parseLenientJson", () => {
  it("reads what JSON.parse reads, in the same way", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseLenientJson(text)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  it("reads raw control characters inside strings: SWUpdate's failure reports have them", () => {
    const body =
      '{"status":{"execution":"closed","result":{"finished":"failure"},"details":["ERROR : first\nsecond\t\\"q\\""]}}';
    expect(() => JSON.parse(body)).toThrow(SyntaxError);
    const parsed = parseLenientJson(body);
    expect(parsed).toMatchObject({ value: { status: { details: ['ERROR : first\nsecond\t"q"'] } } });
  });

  it("refuses what is not JSON with escapes put in either", () => {
    for (const text of ["", "{", '{"a":\n', "\u0000", '"a', "[1,]"]) {
      expect(parseLenientJson(text)).toEqual({ problem: "the body is not JSON" });
    }
  });

  it("takes a megabyte of backslashes and quotes in its stride", () => {
    const text = `["${"\\\\".repeat(250_000)}${"x".repeat(250_000)}\n"`;
    expect(parseLenientJson(text)).toEqual({ problem: "the body is not JSON" });
    expect(parseLenientJson(`${text}]`)).toHaveProperty("value");
  });
});
