// What the help of every command promises: a summary, examples that parse, arguments that leave stdin alone.
import { Parser } from "@oclif/core";
import type { Command } from "@oclif/core/command";
import { describe, expect, test } from "vitest";
import { loadCommandTree, typedName } from "../support/command-tree.ts";

const config = await loadCommandTree();
const commands = await Promise.all(
  config.commands.map(async (command) => ({
    id: command.id,
    name: typedName(command.id),
    type: await command.load(),
  })),
);

test("there are commands", () => {
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.map(({ name }) => name)).toContain("check");
});

describe.each(commands)("iotctl $name", ({ id, type }) => {
  test("says in a sentence what it does", () => {
    expect(type.summary).toMatch(/^[A-Z].{10,100}\.$/);
  });

  test("explains every flag and argument, in words", () => {
    for (const [name, flag] of Object.entries({ ...type.baseFlags, ...type.flags })) {
      expect(flag.summary ?? flag.description, `--${name}`).toMatch(/^[A-Z].*\.$/);
    }
    for (const [name, arg] of Object.entries(type.args)) {
      expect(arg.description, name).toMatch(/^[A-Z].*\.$/);
    }
  });

  test("leaves stdin alone", () => {
    for (const [name, arg] of Object.entries(type.args)) expect(arg.ignoreStdin, name).toBe(true);
  });

  test("has examples, and each of them parses", async () => {
    const examples = exampleLines(type);
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) {
      const words = shellWords(line);
      expect(words.slice(0, 1 + id.split(":").length).join(" "), line).toBe(`iotctl ${typedName(id)}`);
      const argv = words.slice(1 + id.split(":").length);
      const json = argv.filter((word) => word !== "--json");
      await expect(
        Parser.parse(json, {
          args: type.args,
          flags: { ...type.baseFlags, ...type.flags },
          strict: type.strict,
        }),
        line,
      ).resolves.toBeDefined();
    }
  });
});

/** The command lines of a command's examples, up to a pipe or redirection. */
function exampleLines(type: Command.Class): string[] {
  return (type.examples ?? []).map((example) => {
    const text = typeof example === "string" ? example : example.command;
    return (
      text
        .replaceAll("<%= config.bin %>", "iotctl")
        .replace(/^\$ /, "")
        .split(/ [|>&]/)[0] ?? ""
    );
  });
}

/** Splits a line as a shell would, for the quoting that examples use. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}
