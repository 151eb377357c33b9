import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readByteRange } from "../../src/server/byte-range.ts";

describe("readByteRange", () => {
  it("gives the bytes that a list of all positions gives", () => {
    const bound = fc.option(fc.nat({ max: 40 }), { nil: null });
    fc.assert(
      fc.property(fc.nat({ max: 30 }), bound, bound, (size, first, last) => {
        const range = readByteRange(`bytes=${first ?? ""}-${last ?? ""}`, size);
        const positions = Array.from({ length: size }, (_, position) => position);
        const isValid =
          (first !== null || last !== null) && (first === null || last === null || first <= last);
        const wanted = positions.filter((position) =>
          first === null ? position >= size - (last ?? 0) : position >= first && position <= (last ?? size),
        );
        if (!isValid) expect(range).toEqual({ kind: "whole" });
        else if (wanted.length === 0) expect(range).toEqual({ kind: "unsatisfiable" });
        else expect(range).toEqual({ kind: "part", start: wanted[0], end: (wanted.at(-1) ?? 0) + 1 });
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "items=0-1",
    "bytes=0-1,3-4",
    "bytes=0x1-",
    "bytes=--1",
  ])("ignores %j", (header) => {
    expect(readByteRange(header, 10)).toEqual({ kind: "whole" });
  });

  it("never throws and never leaves the file, whatever the header", () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9,\- ]{0,20}$/));
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = readByteRange(text, size);
        if (range.kind !== "part") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThan(range.end);
        expect(range.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});
