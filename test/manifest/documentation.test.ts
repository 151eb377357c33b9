import { describe, expect, it } from "vitest";
import { diagnosticCatalogue } from "../../src/manifest/diagnostic.ts";
import { readEnvironments } from "../../src/manifest/read-environments.ts";
import { readText } from "../support/repository.ts";
import { problemsOf } from "./manifest-texts.ts";

const page = readText("docs/manifest.md");
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);

describe("docs/manifest.md", () => {
  it("explains every diagnostic in the words of the catalogue", () => {
    const rows = [...page.matchAll(/^\| `(IOT_MANIFEST_\w+)` \| (.*) \|$/gm)].map(([, code, text]) => [
      code,
      text,
    ]);
    expect(rows.map(([code]) => code)).toEqual(Object.keys(diagnosticCatalogue));
    for (const [code, text] of rows) {
      expect(text).toContain(diagnosticCatalogue[code as keyof typeof diagnosticCatalogue]);
    }
  });

  it("shows a release and environments that load", () => {
    const release = examples.find((text) => text.includes("kind: Release"));
    expect(problemsOf(release!)).toEqual([]);
    const environments = examples.find((text) => text.includes("kind: Environments"));
    expect(
      Object.keys(readEnvironments("iotctl.yaml", environments!, { env: {}, name: "production" })),
    ).toEqual(["production"]);
  });
});
