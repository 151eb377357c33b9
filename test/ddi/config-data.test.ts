import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPairedApps, parsePairedApps } from "../../src/ddi/paired-apps.ts";
import { applyConfigData, attributesMax, parseConfigData } from "../../src/ddi/parse-config-data.ts";

describe("parseConfigData", () => {
  it("reads SWUpdate's report, which has an empty id, a status and no mode", () => {
    const body = {
      id: "",
      time: "20261122T075608",
      status: { result: { finished: "success" }, execution: "closed", details: [""] },
      data: { appVersion: "3.1.0", hwRev: "1.0" },
    };
    expect(parseConfigData(body)).toEqual({
      value: { mode: "merge", data: { appVersion: "3.1.0", hwRev: "1.0" } },
    });
  });

  it("makes text of numbers and booleans", () => {
    expect(parseConfigData({ data: { slots: 2, locked: true } })).toMatchObject({
      value: { data: { slots: "2", locked: "true" } },
    });
  });

  it.each([
    [{}, "data"],
    [{ data: [] }, "data"],
    [{ data: {} }, "at least one"],
    [{ data: { a: null } }, "attribute a"],
    [{ data: { a: {} } }, "attribute a"],
    [{ data: { "": "x" } }, "names"],
    [{ data: { ["k".repeat(129)]: "x" } }, "names"],
    [{ data: { a: "v".repeat(4097) } }, "longer than 4096"],
    [{ data: { a: "b" }, mode: "upsert" }, "mode"],
    [{ data: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, "v"])) }, "at most 100"],
  ])("refuses case %#", (body, named) => {
    expect(parseConfigData(body)).toEqual({ problem: expect.stringContaining(named) });
  });

  it("never throws, whatever JSON it is given", () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void parseConfigData(body)));
  });
});

describe("applyConfigData", () => {
  const attributes = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 8 }), {
    maxKeys: 20,
  });

  it("merges, replaces and removes", () => {
    fc.assert(
      fc.property(attributes, attributes, (before, data) => {
        expect(applyConfigData(before, { mode: "merge", data })).toEqual(
          Object.fromEntries([...Object.entries(before), ...Object.entries(data)]),
        );
        expect(applyConfigData(before, { data })).toEqual(applyConfigData(before, { mode: "merge", data }));
        expect(applyConfigData(before, { mode: "replace", data })).toEqual(
          Object.fromEntries(Object.entries(data)),
        );
        const rest = Object.entries(before).filter(([key]) => !Object.hasOwn(data, key));
        expect(applyConfigData(before, { mode: "remove", data })).toEqual(Object.fromEntries(rest));
      }),
    );
  });

  it("refuses to grow past the bound, and does not count what is overwritten", () => {
    const many = Object.fromEntries(Array.from({ length: attributesMax }, (_, n) => [`k${n}`, "v"]));
    expect(applyConfigData(many, { data: { extra: "v" } })).toBeNull();
    expect(applyConfigData(many, { data: { k0: "w" } })).toMatchObject({ k0: "w" });
  });
});

describe("paired apps", () => {
  it("reads back what it wrote", () => {
    const word = fc.stringMatching(/^[a-z0-9.+-]{1,12}$/);
    const app = fc.record({ component: word, version: word });
    const apps = fc.uniqueArray(app, { selector: ({ component, version }) => `${component}@${version}` });
    fc.assert(
      fc.property(apps, (list) => {
        expect(parsePairedApps(formatPairedApps(list))).toEqual(list);
      }),
    );
  });

  it("leaves out what is not component@version, and counts a pair once", () => {
    expect(parsePairedApps(" a@1 ,,b,@2,c@,a@1,d@1@2")).toEqual([{ component: "a", version: "1" }]);
  });
});
