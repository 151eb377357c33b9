import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/base/canonical-json.ts";

test("is the same JSON, with sorted keys and no white space", () => {
  expect(canonicalJson({ b: [1, "x", null], a: { d: true, c: 0.5 } })).toBe(
    '{"a":{"c":0.5,"d":true},"b":[1,"x",null]}',
  );
  expect(canonicalJson({ b: undefined, a: undefined, c: 1 })).toBe('{"c":1}');
  expect(canonicalJson([undefined, {}])).toBe("[null,{}]");
});

test("sorts by code units, as every reader of the format does", () => {
  expect(canonicalJson({ "10": 1, "9": 2, Z: 3, a: 4, é: 5, "\u{1f600}": 6, "\u{fb01}": 7 })).toBe(
    '{"10":1,"9":2,"Z":3,"a":4,"é":5,"\u{1f600}":6,"\u{fb01}":7}',
  );
});

test("of any JSON value reads back as that value, and does not depend on the order of keys", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, reversed(member)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});
