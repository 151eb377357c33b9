import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fromJSONSchema } from "zod";
import { environmentJsonSchema, releaseJsonSchema } from "../../src/manifest/json-schema.ts";
import { releaseTemplate } from "../../src/manifest/release-template.ts";
import { edited, fullRelease, smallRelease } from "./manifest-texts.ts";

type Schema = { [key: string]: unknown; description?: string; properties?: Record<string, Schema> };

/** Every schema inside a schema, with the path of keywords to it. */
function* schemasIn(value: unknown, path = "#"): Generator<[string, Schema]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Schema];
  for (const [key, child] of Object.entries(value)) yield* schemasIn(child, `${path}/${key}`);
}

describe.each([
  ["release", releaseJsonSchema()],
  ["environments", environmentJsonSchema()],
])("the JSON Schema of %s", (name, schema) => {
  it("says what it is", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: `https://iotctl.dev/schemas/v1/${name}.json`,
      type: "object",
      additionalProperties: false,
    });
  });

  it("refuses unknown keys in every mapping and describes every key that is not a constant", () => {
    for (const [path, { properties, additionalProperties }] of schemasIn(schema)) {
      if (!properties || path.endsWith("/properties")) continue;
      expect([path, additionalProperties]).toEqual([path, false]);
      for (const [key, property] of Object.entries(properties)) {
        if ("const" in property) continue;
        expect([path, key, typeof property.description]).toEqual([path, key, "string"]);
      }
    }
  });

  it("has patterns that editors can compile", () => {
    const patterns = [...schemasIn(schema)].flatMap(([, { pattern }]) =>
      typeof pattern === "string" ? [pattern] : [],
    );
    expect(patterns.length).toBeGreaterThan(3);
    for (const pattern of patterns) expect(() => new RegExp(pattern, "u")).not.toThrow();
  });
});

describe("a release in an editor", () => {
  const accepts = (text: string): boolean =>
    fromJSONSchema(releaseJsonSchema()).safeParse(parse(text)).success;

  it("is accepted when it loads, also with variables in place of values", () => {
    expect(accepts(fullRelease)).toBe(true);
    expect(accepts(smallRelease)).toBe(true);
    expect(accepts(releaseTemplate({ product: "lamp" }))).toBe(true);
    expect(accepts(edited(smallRelease, ["version: 2.0.0", "version: ${VERSION}"]))).toBe(true);
    expect(
      accepts(
        edited(
          fullRelease,
          ["artifact: build/Fan.ipa", "artifact: build/Fan.ipa\n    bridges: { fan: ^1.0.0 }"],
          ["    deploy:", "    keeps-versions: true\n    deploy:"],
          ["1.8.0: {}", "1.8.0: { stuck: too old, security-counter: 1 }"],
        ),
      ),
    ).toBe(true);
  });

  it.each([
    ["variants:", "varaints:"],
    ["version: 2.0.0", "version: 2.0"],
    ["version: 2.0.0", "version: v2.0.0"],
    ["kind: firmware", "kind: frimware"],
    ["{ rev-a: lamp.bin }", "{}"],
    ["  lamp:\n", "  Lamp:\n"],
  ])("is refused when it does not load: %s → %s", (from, to) => {
    expect(accepts(edited(smallRelease, [from, to]))).toBe(false);
  });
});
