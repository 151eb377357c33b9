import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { loadRelease } from "../../src/manifest/load-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";
import { edited, fullRelease, smallRelease } from "./manifest-texts.ts";

function manifest(content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), "release.yaml");
  writeFileSync(path, content);
  return path;
}

const refusal = (content: string | Uint8Array): Promise<IotctlError> =>
  thrownBy(() => loadRelease(manifest(content), {}));

const codesOf = (error: IotctlError): string[] =>
  (error.details["diagnostics"] as readonly Diagnostic[]).map(({ code }) => code);

describe("loadRelease", () => {
  it("gives the release, its absolute directory, its warnings and its text", async () => {
    const path = manifest(edited(fullRelease, ["devices: [10%, 50%, 100%]", "devices: [10%, 50%]"]));
    const { dir, release, source, warnings } = await loadRelease(path, {});
    expect(release.product).toBe("ceiling-fan");
    expect(dir).toBe(dirname(path));
    expect(source).toContain("devices: [10%, 50%]");
    expect(warnings).toMatchObject([{ code: "IOT_MANIFEST_ROLLOUT_PARTIAL", file: path, line: 42 }]);
  });

  it("reports everything at once, in the order of the file, with places and hints", async () => {
    const path = manifest(
      edited(
        fullRelease,
        ["product:", "prodcut:"],
        ["version: 4.2.0\n    artifact: build/Fan.ipa", "version: v4.2\n    artifact: build/Fan.ipa"],
        ["max: 50", "max: 0"],
        ["apps: [10%, 50%, 100%]", "apps: [10%, 5%, 100%]"],
        ['requires: { fan: ">=1.8.0" }', 'requires: { fna: ">=1.8.0" }'],
      ),
    );
    const error = await thrownBy(() => loadRelease(path, {}));
    expect(error).toMatchObject({ code: "IOT_MANIFEST_INVALID", exit: 2 });
    expect(error.details["diagnostics"]).toEqual([
      {
        severity: "error",
        code: "IOT_MANIFEST_UNKNOWN_KEY",
        message: "`prodcut` is not a key at the top.",
        file: path,
        line: 3,
        column: 1,
        hint: "Did you mean `product`?",
      },
      expect.objectContaining({
        code: "IOT_MANIFEST_BAD_VALUE",
        line: 10,
        column: 14,
        hint: "The nearest one is 4.2.0.",
      }),
      expect.objectContaining({ code: "IOT_MANIFEST_COMPONENT_UNKNOWN", line: 29, column: 17 }),
      expect.objectContaining({ code: "IOT_MANIFEST_BAD_VALUE", line: 41, column: 59 }),
      expect.objectContaining({ code: "IOT_MANIFEST_PERCENT_FALLS", line: 42, column: 61 }),
    ]);
    expect(error.message).toMatch(/^\S+release\.yaml has 5 problems\.\n\nerror: `prodcut` is not a key/);
    expect(error.message).toContain(
      "\n  3 | prodcut: ceiling-fan\n    | ^\n  4 | version: 2026.11.0\n  hint: Did you mean `product`?",
    );
  });

  it("finds missing artifacts when asked, each with its place", async () => {
    const path = manifest(fullRelease);
    for (const file of ["build/Fan.ipa", "build/fan.aab", "build/fan-a1.bin", "old/fan-a1-1.9.4.bin"]) {
      mkdirSync(dirname(join(dirname(path), file)), { recursive: true });
      writeFileSync(join(dirname(path), file), "x");
    }
    mkdirSync(join(dirname(path), "build/fan-b2.bin"));
    await expect(loadRelease(path, {})).resolves.toBeDefined();
    const error = await thrownBy(() => loadRelease(path, {}, { artifactsMustExist: true }));
    expect(error).toMatchObject({ code: "IOT_ARTIFACT_MISSING", exit: 2 });
    expect(error.details["diagnostics"]).toMatchObject([
      { message: "The artifact `build/fan-b2.bin` is not a file.", line: 23, column: 51 },
      { message: "The artifact `old/fan-b2-1.9.4.bin` does not exist.", line: 37, column: 64 },
    ]);
  });

  it("reports missing artifacts beside other problems", async () => {
    const path = manifest(edited(smallRelease, ["product: lamp", "product: Lamp"]));
    const error = await thrownBy(() => loadRelease(path, {}, { artifactsMustExist: true }));
    expect(error.code).toBe("IOT_MANIFEST_INVALID");
    expect(codesOf(error)).toEqual(["IOT_MANIFEST_BAD_VALUE", "IOT_MANIFEST_ARTIFACT_MISSING"]);
  });
});

describe("a file that is no manifest", () => {
  it("that is not there or a directory cannot be read", async () => {
    const dir = temporaryDirectory();
    const missing = await thrownBy(() => loadRelease(join(dir, "release.yaml"), {}));
    expect(missing).toMatchObject({
      code: "IOT_FILE_UNREADABLE",
      exit: 2,
      hints: [expect.stringContaining("iotctl init")],
    });
    expect(await thrownBy(() => loadRelease(dir, {}))).toMatchObject({ code: "IOT_FILE_UNREADABLE" });
  });

  it("of 10 MB is too large, and so is a device that never ends", async () => {
    const large = await refusal(Buffer.alloc(10_000_000, "a: b\n"));
    expect(large).toMatchObject({ code: "IOT_MANIFEST_TOO_LARGE", exit: 2 });
    expect(large.message).toContain("10000000 bytes");
    expect(await thrownBy(() => loadRelease("/dev/zero", {}))).toMatchObject({
      code: "IOT_MANIFEST_TOO_LARGE",
    });
  });

  it("that is binary is not text", async () => {
    expect(await refusal(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 0, 0]))).toMatchObject({
      code: "IOT_MANIFEST_NOT_TEXT",
      exit: 2,
    });
    expect(await refusal(Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))).toMatchObject({
      code: "IOT_MANIFEST_NOT_TEXT",
    });
  });

  it("may start with a byte order mark and have Windows line ends", async () => {
    const { release } = await loadRelease(manifest(`\u{feff}${smallRelease.replaceAll("\n", "\r\n")}`), {});
    expect(release.product).toBe("lamp");
  });

  it.each([
    ["nothing", ""],
    ["only a comment", "# hello\n"],
    ["a list", "- a\n- b\n"],
    ["a word", "hello\n"],
    ["several documents", `${smallRelease}---\n${smallRelease}`],
    ["an open bracket", `${smallRelease}gates: [`],
    ["a tab as indentation", "a:\n\tb: 1\n"],
    ["an unknown tag", `${smallRelease}pairing: !!secret arbitrary\n`],
    ["very deep nesting", "[".repeat(100_000)],
    ["deep nesting that YAML allows", `a: ${"[".repeat(60)}${"]".repeat(60)}`],
  ])("with %s is one syntax error", async (_, text) => {
    const error = await refusal(text);
    expect(error.code).toBe("IOT_MANIFEST_INVALID");
    expect(new Set(codesOf(error))).toEqual(new Set(["IOT_MANIFEST_SYNTAX"]));
  });

  it("with a YAML bomb is refused before it grows", async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `a${level}: &a${level} [${Array(10)
          .fill(level ? `*a${level - 1}` : "lol")
          .join(", ")}]`,
    );
    expect(codesOf(await refusal(levels.join("\n")))).toEqual(["IOT_MANIFEST_ALIASES"]);
  });

  it("with an alias of itself, or of nothing, is refused", async () => {
    expect(codesOf(await refusal("a: &a [*a]"))).toEqual(["IOT_MANIFEST_ALIASES"]);
    expect(codesOf(await refusal("a: &a {b: *a, c: *a}"))).toEqual(["IOT_MANIFEST_ALIASES"]);
    expect(codesOf(await refusal("a: *b"))).toEqual(["IOT_MANIFEST_ALIASES"]);
  });

  it("with aliases in measure is fine", async () => {
    const text = edited(
      fullRelease,
      [
        "apps: 1%, bake: 1h, gates: [updated, heartbeat]",
        "apps: 1%, bake: 1h, gates: &gates [updated, heartbeat]",
      ],
      ["bake: 24h, gates: [updated, heartbeat]", "bake: 24h, gates: *gates"],
    );
    const { release } = await loadRelease(manifest(text), {});
    expect(release.rollout.stages[1]?.gates).toEqual(["updated", "heartbeat"]);
  });

  it("with one alias and very many known versions is fine", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `part-${index}`);
    const versions = Array.from({ length: 150 }, (_, index) => `    1.${index}.0: {}`).join("\n");
    const text = [
      smallRelease.replace("version: 2.0.0", "version: 2.0.0\n    requires: &pins {}"),
      ...names.map((name) => `  ${name}: { kind: service, version: 2.0.0, requires: *pins }\n`),
      "known:\n",
      ...names.map((name) => `  ${name}:\n${versions}\n`),
    ].join("");
    const { release } = await loadRelease(manifest(text), {});
    expect(Object.values(release.known).flatMap((of) => Object.keys(of))).toHaveLength(3000);
    expect(release.components["part-19"]).toMatchObject({ requires: {} });
  });

  it("with duplicate keys says where the second stands, at any depth", async () => {
    const error = await refusal(
      edited(`${smallRelease}pairing: observed\npairing: arbitrary\n`, [
        "{ rev-a: lamp.bin }",
        "{ rev-a: lamp.bin, rev-a: x }",
      ]),
    );
    expect(error.details["diagnostics"]).toMatchObject([
      { code: "IOT_MANIFEST_DUPLICATE_KEY", line: 9, column: 34 },
      { code: "IOT_MANIFEST_DUPLICATE_KEY", line: 11, column: 1 },
    ]);
  });

  it("with keys that every object has is refused, not found on the object", async () => {
    expect(codesOf(await refusal(`${smallRelease}__proto__: {}\n`))).toEqual(["IOT_MANIFEST_BAD_VALUE"]);
    const pin = await refusal(`${smallRelease}    requires: { constructor: "*" }\n`);
    expect(codesOf(pin)).toEqual(["IOT_MANIFEST_BAD_VALUE", "IOT_MANIFEST_COMPONENT_UNKNOWN"]);
    const gate = await refusal(
      `${smallRelease}rollout: { stages: [{ name: a, devices: 100%, gates: [valueOf] }] }\n`,
    );
    expect(codesOf(gate)).toEqual(["IOT_MANIFEST_BAD_VALUE"]);
  });

  it("with more mistakes than anybody reads shows a hundred and counts the rest", async () => {
    const text = smallRelease + Array.from({ length: 250 }, (_, index) => `key${index}: 1\n`).join("");
    const error = await refusal(text);
    expect(codesOf(error)).toHaveLength(100);
    expect(error.message).toContain("has 250 problems");
    expect(error.message).toMatch(/\.\.\. and 150 more\.$/);
  });

  it("whatever its bytes, gives a release or one of our errors", async () => {
    const path = manifest("");
    const pieces = fc.constantFrom(
      "components:",
      "  a: ",
      "{",
      "}",
      "[",
      "]",
      "&a ",
      "*a",
      "${X}",
      "\n",
      "- ",
      "? ",
      "|",
      '"',
      "'",
      "#",
      "!!int ",
      "kind: Release",
      "\t",
      "%",
      "---\n",
      ": ",
      "null",
      "1.0",
      "\u{feff}",
      "\u{1f600}",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(""))),
      fc
        .tuple(fc.nat(fullRelease.length), fc.nat(20), pieces)
        .map(([at, length, piece]) =>
          Buffer.from(fullRelease.slice(0, at) + piece + fullRelease.slice(at + length)),
        ),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        writeFileSync(path, content);
        try {
          await loadRelease(path, {});
        } catch (error) {
          expect(error).toBeInstanceOf(IotctlError);
          expect((error as IotctlError).code).toMatch(/^IOT_MANIFEST_/);
          expect((error as IotctlError).exit).toBe(2);
        }
      }),
      { numRuns: 400 },
    );
  });
});
