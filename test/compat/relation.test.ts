import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRelation } from "../../src/compat/relation.ts";
import { explainVerdict } from "../../src/compat/verdict.ts";
import { fact } from "../support/facts.ts";

const facts = [
  fact("app-ios", "4.0.0"),
  fact("app-ios", "4.1.0", { requires: { fan: ">=1.8.0 <2.1.0" } }),
  fact("app-ios", "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
  fact("fan", "1.8.0"),
  fact("fan", "1.9.4"),
  fact("fan", "2.0.0", { requires: { "app-ios": ">=4.1.0" } }),
  fact("lamp", "1.0.0"),
];

describe("verdict", () => {
  const relation = createRelation(facts);
  const verdict = (a: string, b: string): string => {
    const [left, right] = [a, b].map((text) => {
      const [component = "", version = ""] = text.split("@");
      return { component, version };
    });
    return relation.verdict(left!, right!).kind;
  };

  it("passes when one side declares and it holds", () => {
    expect(verdict("app-ios@4.1.0", "fan@1.8.0")).toBe("compatible");
  });
  it("passes when both sides declare and both hold", () => {
    expect(verdict("app-ios@4.2.0", "fan@2.0.0")).toBe("compatible");
  });
  it("fails when one of two declarations fails", () => {
    expect(verdict("app-ios@4.0.0", "fan@2.0.0")).toBe("incompatible");
    expect(verdict("app-ios@4.2.0", "fan@1.8.0")).toBe("incompatible");
  });
  it("is unknown when the components are coupled but neither version says anything", () => {
    expect(verdict("app-ios@4.0.0", "fan@1.8.0")).toBe("unknown");
    expect(verdict("app-ios@9.9.9", "fan@1.8.0")).toBe("unknown");
  });
  it("is compatible for components that never name each other", () => {
    expect(verdict("lamp@1.0.0", "fan@2.0.0")).toBe("compatible");
  });
  it("takes living together in the field as evidence where nobody said anything", () => {
    const field = createRelation(facts, { "app-ios": ["4.0.0"], fan: ["1.8.0", "2.0.0"] });
    const app = { component: "app-ios", version: "4.0.0" };
    expect(field.verdict(app, { component: "fan", version: "1.8.0" }).kind).toBe("compatible");
    expect(field.verdict(app, { component: "fan", version: "2.0.0" }).kind).toBe("incompatible");
  });
  it("says what it rests on", () => {
    const [a, b] = [
      { component: "app-ios", version: "4.2.0" },
      { component: "fan", version: "1.8.0" },
    ];
    expect(explainVerdict(a, b, relation.verdict(a, b))).toBe(
      "app-ios@4.2.0 requires fan >=1.9.0 <3.0.0, which does not hold",
    );
  });

  it("is formed once about versions that are known, and never kept for what a device makes up", () => {
    const [app, fan] = [
      { component: "app-ios", version: "4.1.0" },
      { component: "fan", version: "1.8.0" },
    ];
    expect(relation.verdict(app, fan)).toBe(relation.verdict({ ...app }, { ...fan }));
    const madeUp = { component: "fan", version: "1.8.0-mine" };
    expect(relation.verdict(app, madeUp)).not.toBe(relation.verdict(app, madeUp));
    expect(relation.verdict(app, madeUp)).toEqual(relation.verdict(app, madeUp));
  });

  it("is the same whichever version is named first, and never passes without evidence", () => {
    const version = fc.constantFrom("1.0.0", "1.5.0", "2.0.0-rc.1", "2.0.0");
    const range = fc.constantFrom(">=1.0.0", "<2.0.0", "^1.5.0", "2.0.0", ">=2.0.0-0");
    const side = fc.record({ version, range: fc.option(range) });
    fc.assert(
      fc.property(side, side, (a, b) => {
        const known = createRelation([
          fact("app", a.version, { requires: a.range === null ? {} : { fan: a.range } }),
          fact("fan", b.version, { requires: b.range === null ? {} : { app: b.range } }),
          fact("app", "0.0.1", { requires: { fan: "*" } }),
        ]);
        const app = { component: "app", version: a.version };
        const fan = { component: "fan", version: b.version };
        const forward = known.verdict(app, fan);
        expect(known.verdict(fan, app).kind).toBe(forward.kind);
        expect(forward.evidence.length).toBeGreaterThan(0);
        if (a.range === null && b.range === null) expect(forward.kind).toBe("unknown");
      }),
    );
  });
});

describe("installsOver", () => {
  it("defaults to every lower version and follows the range where there is one", () => {
    const relation = createRelation([
      fact("fan", "2.0.0", { installsOver: ">=1.8.0 <2.0.0" }),
      fact("fan", "1.9.0"),
    ]);
    const fan = (version: string) => ({ component: "fan", version });
    expect(relation.installsOver(fan("2.0.0"), "1.7.0")).toBe(false);
    expect(relation.installsOver(fan("2.0.0"), "1.8.0")).toBe(true);
    expect(relation.installsOver(fan("2.0.0"), "2.0.0-rc.1")).toBe(true);
    expect(relation.installsOver(fan("1.9.0"), "1.0.0")).toBe(true);
    expect(relation.installsOver(fan("1.9.0"), "1.9.0")).toBe(false);
    expect(relation.installsOver(fan("1.9.0"), "ci-build")).toBe(false);
  });
});

describe("a relation without releases that do not count", () => {
  const app = fact("app", "4.2.0");
  const fan = fact("fan", "2.0.0");
  const old = { component: "fan", version: "1.8.0" };
  const oldApp = { component: "app", version: "4.1.0" };

  it("does not take components for uncoupled that a lost release may couple", () => {
    const live = { app: ["4.1.0"], fan: ["1.8.0"] };
    const whole = [app, fan, fact("fan", "1.8.0", { requires: { app: "<4.2.0" } }), fact("app", "4.1.0")];
    expect(createRelation(whole, live).verdict(app, old).kind).toBe("incompatible");
    const verdict = createRelation([app, fan], live, ["2026.10.0"]).verdict(app, old);
    expect(verdict.kind).toBe("unknown");
    expect(explainVerdict(app, old, verdict)).toBe(
      "what app@4.2.0 and fan@1.8.0 need is not known without release 2026.10.0, left out",
    );
  });

  it("does not take living together for evidence where a lost release may speak against it", () => {
    const target = fact("app", "4.2.0", { requires: { fan: ">=1.0.0" } });
    const live = { app: ["4.1.0"], fan: ["1.8.0"] };
    expect(createRelation([target, fan], live, ["1", "2", "3", "4"]).verdict(oldApp, old)).toMatchObject({
      kind: "unknown",
      evidence: [{ kind: "left-out" }],
    });
    const mute = fact("fan", "1.8.0", { hardware: [], installable: false });
    const spoken = fact("app", "4.1.0", { requires: { cloud: "*" } });
    expect(createRelation([target, mute, spoken], live, ["1"]).verdict(oldApp, old).kind).toBe("unknown");
    expect(
      createRelation([target, fact("fan", "1.8.0"), spoken], live, ["1"]).verdict(oldApp, old).kind,
    ).toBe("compatible");
  });

  it("never lets a pair pass that did not with them", () => {
    const version = fc.constantFrom("1.0.0", "2.0.0", "3.0.0");
    const component = fc.constantFrom("app", "cloud", "fan");
    const anyFact = fc
      .record({ component, version, requires: fc.dictionary(component, fc.constantFrom("*", ">=2.0.0")) })
      .map((one) => fact(one.component, one.version, { requires: one.requires }));
    const anyFacts = fc.uniqueArray(anyFact, { selector: (one) => `${one.component}@${one.version}` });
    const named = fc.record({ component, version });
    fc.assert(
      fc.property(
        anyFacts,
        fc.func(fc.boolean()),
        fc.dictionary(component, fc.uniqueArray(version)),
        named,
        named,
        (all, isKept, live, a, b) => {
          fc.pre(a.component !== b.component);
          const rest = createRelation(all.filter(isKept), live, ["1.0.0"]).verdict(a, b);
          if (rest.kind !== "compatible") return;
          expect(createRelation(all, live).verdict(a, b).kind).toBe("compatible");
        },
      ),
      { numRuns: 1000 },
    );
  });
});
