// The relation over the field and a release, by the command itself.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ReleaseMatrix } from "../../src/cli/render/matrix-text.ts";
import Matrix from "../../src/commands/matrix.ts";
import { runCommand } from "../support/run-command.ts";
import { writeSmallRelease } from "../support/small-release.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

function givenField(field: object): void {
  const dir = workInTemporaryDirectory();
  writeSmallRelease(dir);
  writeFileSync(join(dir, "field.json"), JSON.stringify(field));
}
const byField = ["--field", "field.json"];

describe("matrix", () => {
  test("shows the pairs of a field and a release, whatever they are, with exit code 0", async () => {
    givenField({ app: ["1.9.0", "1.8.0"], lamp: ["1.0.0", "1.1.0"] });
    const run = await runCommand<ReleaseMatrix>(Matrix, byField);
    expect(run.envelope).toMatchObject({ command: "matrix", ok: true, exitCode: 0 });
    expect(run.stdout).toContain(`app down, lamp across
        1.0.0*  1.1.0*  1.2.0→
1.8.0*  (yes)   (yes)   no
1.9.0*  yes     yes     yes
2.0.0→  no      yes     yes
`);
    expect(run.stdout).toContain(
      "  - app@2.0.0 and lamp@1.0.0: app@2.0.0 requires lamp >=1.1.0, which does not hold\n",
    );
  });

  test("--json has the components and the cells, with their evidence", async () => {
    givenField({ app: ["1.9.0"], lamp: ["1.0.0"] });
    const { envelope } = await runCommand<ReleaseMatrix>(Matrix, [...byField, "--json"]);
    expect(envelope.data?.components.map(({ component }) => component)).toEqual(["app", "lamp"]);
    expect(envelope.data?.cells).toContainEqual({
      a: "app@2.0.0",
      b: "lamp@1.0.0",
      verdict: "incompatible",
      evidence: "app@2.0.0 requires lamp >=1.1.0, which does not hold",
      declared: true,
      live: false,
    });
    expect(envelope.data?.cells).toHaveLength(4);
  });

  test("says what is wrong with a manifest or a field", async () => {
    givenField({ lamps: ["1.0.0"] });
    await expect(runCommand(Matrix, byField)).rejects.toMatchObject({ code: "IOT_FIELD_INVALID", exit: 2 });
    await expect(runCommand(Matrix, ["nowhere.yaml"])).rejects.toMatchObject({ exit: 2 });
  });
});
