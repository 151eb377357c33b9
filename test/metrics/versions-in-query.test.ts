import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillVersions, versionsIn } from "../../src/metrics/versions-in-query.ts";

describe("versionsIn", () => {
  const places = (query: string) => versionsIn(query).map(({ operator, quote }) => [operator, quote]);

  it("knows in which literal a query names versions, and what it is compared by", () => {
    expect(places('x{v=~"$versions"}')).toEqual([["=~", '"']]);
    expect(places("x{a='b',v !~ 'fan-$versions'}")).toEqual([["!~", "'"]]);
    expect(places("x{v=`$versions`} / x{v!=`$versions`}")).toEqual([
      ["=", "`"],
      ["!=", "`"],
    ]);
    expect(places('label_replace(x, "a", "b", "v", "$versions")')).toEqual([[null, '"']]);
    expect(places("$versions")).toEqual([[null, null]]);
  });

  it("takes no other word for it, and nothing in a comment", () => {
    expect(places('x{v=~"$version|$versionsX|versions|${versions}"}')).toEqual([]);
    expect(places('x # v=~"$versions"\n + y')).toEqual([]);
    expect(places('x{v="#",w=~"$versions"}')).toEqual([["=~", '"']]);
  });

  it("is not led astray by quotes in quotes", () => {
    expect(places(String.raw`x{a="\"",v=~"$versions"}`)).toEqual([["=~", '"']]);
    expect(places(String.raw`x{a="'",v=~"$versions"}`)).toEqual([["=~", '"']]);
    expect(places("x{a=`\\`,v=~'$versions'}")).toEqual([["=~", "'"]]);
  });

  it("gives an answer for any text", () => {
    const piece = fc.constantFrom("$versions", '"', "'", "`", "\\", "#", "\n", "=~", "x");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const query = pieces.join("");
        for (const { index } of versionsIn(query)) expect(query.slice(index)).toMatch(/^\$versions/);
      }),
    );
  });
});

describe("fillVersions", () => {
  it("writes a pattern of the versions, escaped for the literal that it stands in", () => {
    expect(fillVersions('x{v=~"$versions"}', ["2.0.0-rc.1+b7"])).toBe(
      String.raw`x{v=~"(?:2\\.0\\.0-rc\\.1\\+b7)"}`,
    );
    expect(fillVersions("x{v=~`$versions`} + y{v=~'$versions-eu'}", ["1.0", "2.0"])).toBe(
      String.raw`x{v=~${"`"}(?:1\.0|2\.0)${"`"}} + y{v=~'(?:1\\.0|2\\.0)-eu'}`,
    );
  });

  it("matches the versions and nothing else, whatever devices call theirs", () => {
    const version = fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.stringMatching(/^[.*+?|()[\]{}^$\\"'`\n]{0,6}$/),
    );
    const versions = fc.uniqueArray(version, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(versions, version, fc.constantFrom('"', "'", "`"), (drawn, other, quote) => {
        const all = drawn as [string, ...string[]];
        const filled = fillVersions(`${quote}$versions${quote}`, all);
        const literal = /^(["'`])([^"'`\n]*)\1$/.exec(filled);
        expect(literal).not.toBeNull();
        const pattern = quote === "`" ? literal![2]! : literal![2]!.replaceAll("\\\\", "\\");
        // RE2 writes a character by its number as \x{1f}, JavaScript as \u{1f}.
        const expression = new RegExp(`^(?:${pattern.replaceAll("\\x{", "\\u{")})$`, "u");
        for (const each of all) expect(expression.test(each)).toBe(true);
        expect(expression.test(other)).toBe(all.includes(other));
      }),
    );
  });
});
