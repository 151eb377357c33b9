import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fromJSONSchema } from "zod";
import { releaseJsonSchema } from "../../src/manifest/json-schema.ts";
import { readText } from "../support/repository.ts";
import { diagnosticsOf, fullRelease, problemsOf, releaseOf, smallRelease } from "./manifest-texts.ts";

const withGate = (gate: string): string => `${smallRelease}gates:\n  g: ${gate}\n`;
const gateOf = (gate: string) => releaseOf(withGate(gate)).gates["g"];
const metric = (rest: string): string => `{ measure: metric, query: up, ${rest} }`;
const asking = (query: string, rest: string): string =>
  `\n    measure: metric\n    query: ${query}\n    ${rest.replaceAll(", ", "\n    ")}`;
const counting = (failures: string, of: string, rest: string): string =>
  `\n    measure: count\n    failures: ${failures}\n    of: ${of}\n    limit: 1%\n    ${rest}`;

describe("a gate that is asked of metrics", () => {
  it("has careful defaults", () => {
    expect(gateOf(metric("max: 0.5"))).toEqual({
      measure: "metric",
      query: "up",
      bound: { kind: "max", value: 0.5 },
      component: null,
      everyMs: 60_000,
      readings: 3,
      deadlineMs: 6 * 3_600_000,
    });
  });

  it("keeps everything that it says", () => {
    const rest =
      "component: lamp, max-decrease: 12.5%, every: 1s, readings: 100, deadline: 5m, no-data: fail, dry-run: true";
    expect(gateOf(asking('ok{version=~"$versions"}', rest))).toEqual({
      measure: "metric",
      query: 'ok{version=~"$versions"}',
      bound: { kind: "max-decrease", value: 12.5 },
      component: "lamp",
      everyMs: 1000,
      readings: 100,
      deadlineMs: 300_000,
      noData: "fail",
      dryRun: true,
    });
    expect(gateOf(counting("bad", "all", "alpha: 0.01"))).toEqual({
      measure: "count",
      failures: "bad",
      of: "all",
      limitPercent: 1,
      alpha: 0.01,
      component: null,
      everyMs: 60_000,
      deadlineMs: 6 * 3_600_000,
    });
  });

  it("says the same with what is the default", () => {
    expect(gateOf(metric("min: 1, no-data: hold, dry-run: false, every: 1m"))).toEqual(
      gateOf(metric("min: 1")),
    );
    const device = (rest: string) => gateOf(`{ measure: update-failure, limit: 2%${rest} }`);
    expect(device(", no-data: hold")).toEqual(device(""));
    expect(device(", no-data: fail, dry-run: true")).toMatchObject({ noData: "fail", dryRun: true });
  });

  it("may compare with more than twice as much, and with nothing more at all", () => {
    for (const [text, value] of [
      ["0%", 0],
      ["250%", 250],
      ["999%", 999],
    ] as const) {
      const gate = asking('x{v=~"$versions"}', `component: lamp, max-increase: ${text}`);
      expect(gateOf(gate)).toMatchObject({ bound: { kind: "max-increase", value } });
    }
  });
});

describe("a threshold that does not parse never passes for one that never trips", () => {
  const oneBound =
    "This mapping is not a gate with exactly one of `max`, `min`, `max-increase`, `max-decrease`.";
  const number = "is not a number in the unit of the query such as 0.5.";
  const bounds = "Write one of these: `max: 0.5`, `min: 0.5`, `max-increase: 20%`, `max-decrease: 20%`.";
  it.each<[string, number, string, string | undefined]>([
    [metric("every: 1m"), 11, oneBound, bounds],
    [metric("max: 1, min: 0"), 11, oneBound, bounds],
    [metric("max: 0.5x"), 11, `\`0.5x\` ${number}`, "Write digits, without quotes and variables: 0.5"],
    [metric('max: "0.5"'), 11, `\`0.5\` ${number}`, "Write digits, without quotes and variables: 0.5"],
    [metric("max: 5%"), 11, `\`5%\` ${number}`, "Only `max-increase` and `max-decrease` are percentages."],
    [metric("max: .nan"), 11, `\`.nan\` ${number}`, "Write digits, without quotes and variables: 0.5"],
    [metric("min: -.inf"), 11, `\`-.inf\` ${number}`, "Write digits, without quotes and variables: 0.5"],
    [metric("max: 1e999"), 11, `\`1e999\` ${number}`, "Write digits, without quotes and variables: 0.5"],
    [metric("max-increase: 20"), 11, "`20` is not a percentage from 0% to 999%.", "Write 20%."],
    [metric("max-increase: 1000%"), 11, "`1000%` is not a percentage from 0% to 999%.", undefined],
    [metric("max-decrease: 100%"), 11, "`100%` is not a percentage from 0% to 99%.", undefined],
    [metric("max: 1, readings: 0"), 11, "`0` is not a whole number of readings from 1 to 100.", undefined],
    [
      metric("max: 1, every: 500ms"),
      11,
      "`500ms` is not a duration from 1s to 1d such as 30s or 1m.",
      undefined,
    ],
    ["{ measure: metric, query: ' ', max: 1 }", 11, "` ` is not a query of 1 to 4000 characters.", undefined],
    [metric("max: 1, no-data: pass"), 11, "`pass` is none of `hold`, `fail`.", undefined],
    [metric("max: 1, dry-run: 'yes'"), 11, "`yes` is not true or false.", undefined],
    [metric("maxx: 1"), 11, "`maxx` is not a key of `gates.g`.", "Did you mean `max`?"],
    [
      metric("max: 1, limit: 2%"),
      11,
      "`limit` is not a key of `gates.g`.",
      expect.stringContaining("The keys here are measure, query, max"),
    ],
    [
      "{ measure: update-failure, limit: 2%, every: 1m }",
      11,
      "`every` is not a key of `gates.g`.",
      expect.stringContaining("The keys here are measure, limit"),
    ],
  ])("%s", (gate, line, message, hint) => {
    const found = diagnosticsOf(withGate(gate));
    expect(found).toContainEqual(expect.objectContaining({ severity: "error", line, message }));
    expect(found.find((diagnostic) => diagnostic.message === message)?.hint).toEqual(hint);
  });

  it.each([
    '{ measure: metric, query: sum(rate(errors{job="fan"}[5m])), max: 1 }',
    "{ measure: count, failures: sum(bad{job=fan}), of: sum(all{job=fan}), limit: 1% }",
    asking('{job="fan"}[5m]', "max: 1"),
    asking('{job="fan"}', "max: 1"),
  ])("a query with braces is to be put in quotes: %s", (gate) => {
    const hints = diagnosticsOf(withGate(gate)).map(({ hint }) => hint);
    expect(hints).toContainEqual(expect.stringContaining("Put the query in quotes"));
  });

  it("warns of a count over a window that slides, which forgets what it has seen", () => {
    const text = withGate(counting("sum(increase(bad[1h]))", "sum( rate (all[1h]))", "alpha: 0.01"));
    expect(problemsOf(text)).toEqual(["GATE_WINDOW 13:15", "GATE_WINDOW 14:9"]);
    expect(diagnosticsOf(text).map(({ severity }) => severity)).toEqual(["warning", "warning"]);
    expect(problemsOf(withGate(counting("sum(bad_rate)", "sum(all)", "alpha: 0.01")))).toEqual([]);
    expect(problemsOf(withGate(asking("rate(up[5m])", "max: 1")))).toEqual([]);
  });

  it("counts by two queries, each with something to ask", () => {
    expect(problemsOf(withGate("{ measure: count, failures: a, limit: 1% }"))).toEqual(["MISSING_KEY 11:3"]);
  });
});

describe("versions in a query", () => {
  const found = (gate: string) =>
    diagnosticsOf(withGate(gate)).map(({ code, column, hint, line, message }) => ({
      at: `${code.replace("IOT_MANIFEST_", "")} ${line}:${column}`,
      message,
      hint,
    }));

  it("need the component that they are of, which is one of the release", () => {
    expect(found(asking('x{v=~"$versions"}', "max: 1"))).toEqual([
      {
        at: "GATE_VERSIONS 13:12",
        message: "`$versions` stands for versions of a component, and the gate says not of which.",
        hint: "Add `component:` with one of lamp.",
      },
    ]);
    expect(found(metric("max: 1, component: lmap"))).toEqual([
      {
        at: "COMPONENT_UNKNOWN 11:55",
        message: "Gate g is about `lmap`, which is not a component of this release.",
        hint: "Did you mean `lamp`?",
      },
    ]);
  });

  it("are compared only where they are named", () => {
    expect(found(metric("max-increase: 20%, component: lamp"))).toMatchObject([
      { at: "GATE_VERSIONS 11:32", message: expect.stringContaining("measures them all alike") },
    ]);
    const one = counting('bad{v=~"$versions"}', "all", "component: lamp");
    expect(found(one)).toMatchObject([
      { at: "GATE_VERSIONS 14:9", hint: 'Write version=~"$versions" in both, or in neither.' },
    ]);
    const both = counting('bad{v=~"$versions"}', 'all{v=~"$versions"}', "component: lamp");
    expect(found(both)).toEqual([]);
  });

  it("stand in the pattern of a label, where they match something", () => {
    expect(found(asking("'x{v=\"$versions\"}'", "max: 1, component: lamp"))).toMatchObject([
      { at: "GATE_VERSIONS 13:12", hint: 'Write =~"$versions".' },
    ]);
    expect(found(asking("$versions", "max: 1, component: lamp"))).toMatchObject([
      { at: "GATE_VERSIONS 13:12", message: "`$versions` stands outside of quotes." },
    ]);
    expect(found(asking('x{v=~"$version"}', "max: 1, component: lamp"))).toMatchObject([
      { at: "GATE_VERSIONS 13:12", hint: "Did you mean `$versions`?" },
    ]);
    expect(found(asking('x{v=~"1.0$"}', "max: 1"))).toEqual([]);
  });

  it("are no environment variable, whether or not one is called so, and others are filled", () => {
    const gate = (query: string) => withGate(asking(query, "max: 1, component: lamp"));
    for (const env of [{}, { versions: "1.0.0" }]) {
      for (const text of ["${versions}", "$${versions}"]) {
        expect(diagnosticsOf(gate(`x{v=~"${text}"}`), env)).toMatchObject([
          {
            code: "IOT_MANIFEST_VARIABLE",
            line: 13,
            column: 18,
            message: "`${versions}` means nothing here.",
            hint: "Write $versions, without braces.",
          },
        ]);
      }
    }
    const filled = releaseOf(gate('x{v=~"$versions", job="${JOB}"}'), { JOB: "fans" });
    expect(filled.gates["g"]).toMatchObject({ query: 'x{v=~"$versions", job="fans"}' });
    expect(problemsOf(gate('x{job="${JOB}"}'))).toEqual(["VARIABLE 13:19"]);
  });
});

describe("a gate that cannot do what it is for", () => {
  it("is not asked so seldom that its deadline passes in between", () => {
    expect(problemsOf(withGate(metric("max: 1, every: 1h, deadline: 1h")))).toEqual(["GATE_DEADLINE 11:6"]);
    expect(problemsOf(withGate(metric("max: 1, every: 59m, deadline: 1h")))).toEqual([]);
  });

  it("is warned of where all gates of a stage are dry runs", () => {
    const stage = (gates: string) =>
      `${withGate(metric("max: 1, dry-run: true"))}rollout: { stages: [{ name: a, devices: 100%, gates: ${gates} }] }\n`;
    expect(diagnosticsOf(stage("[g]"))).toMatchObject([
      {
        severity: "warning",
        code: "IOT_MANIFEST_GATE_MISSING",
        message: "Every gate of stage `a` is a dry run, so nothing stops a bad update.",
      },
    ]);
    expect(diagnosticsOf(stage("[g, updated]"))).toEqual([]);
    expect(problemsOf(stage("[g, nope]"))).toEqual(["GATE_UNKNOWN 12:58"]);
  });
});

it("docs/manifest.md shows gates that load", () => {
  const [, example] = /```yaml\n(gates:\n.*?)```/s.exec(readText("docs/manifest.md"))!;
  const release = fullRelease.replace(/^gates:\n( .*\n)+/m, () => example!);
  expect(Object.keys(releaseOf(release).gates)).toEqual([
    "updated",
    "heartbeat",
    "crashes",
    "reconnects",
    "api-errors",
  ]);
  expect(problemsOf(release)).toEqual([]);
});

describe("gates in an editor", () => {
  const accepts = (gate: string): boolean =>
    fromJSONSchema(releaseJsonSchema()).safeParse(parse(withGate(gate))).success;

  it("have numbers for bounds and no key of another measure", () => {
    expect(accepts(metric("max: 1"))).toBe(true);
    expect(accepts(metric("max-increase: 20%, no-data: fail, dry-run: true"))).toBe(true);
    expect(accepts("{ measure: count, failures: a, of: b, limit: 1% }")).toBe(true);
    expect(accepts(metric("max: x"))).toBe(false);
    expect(accepts(metric("max: 1, limit: 1%"))).toBe(false);
  });
});
