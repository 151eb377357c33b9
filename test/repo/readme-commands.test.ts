import { expect, test } from "vitest";
import { loadCommandTree, typedName } from "../support/command-tree.ts";
import { expectGenerated } from "../support/generated-text.ts";
import { readText } from "../support/repository.ts";

const section = /(<!-- commands -->\n)[\s\S]*(<!-- \/commands -->)/;

test("README lists the commands there are", async () => {
  const { commands } = await loadCommandTree();
  const rows = commands
    .filter((command) => !command.hidden)
    .map((command) => `| \`iotctl ${typedName(command.id)}\` | ${command.summary} |`)
    .toSorted();
  const list = ["| command | what it does |", "| --- | --- |", ...rows].join("\n");
  const readme = readText("README.md");
  expect(readme).toMatch(section);
  expectGenerated(
    "README.md",
    readme.replace(section, (_, begin: string, end: string) => `${begin}\n${list}\n\n${end}`),
  );
});
