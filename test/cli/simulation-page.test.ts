import { expect, test } from "vitest";
import { dayAxis, drawsBlocks, sparkline } from "../../src/cli/render/simulation-chart.ts";
import { simulationHtml } from "../../src/cli/render/simulation-html.ts";
import { simulationText } from "../../src/cli/render/simulation-text.ts";
import { reportRun, type SimulationReport } from "../../src/simulation/release/simulation-report.ts";
import { drawField, SimulatedRun } from "../../src/simulation/release/simulate-release.ts";
import { fan, requestOf } from "../simulation/release/release-scenario.ts";

const request = requestOf(fan, { sites: 400 });

function reportOf(names: { readonly product: string }): SimulationReport {
  const field = drawField(request);
  const [planned, naive] = (["planned", "naive"] as const).map((mode) => {
    const run = new SimulatedRun(request, field, mode);
    while (!run.isDone) run.step();
    return reportRun(run, request.model.controlIntervalS);
  });
  const { model, plan, seed, sites } = request;
  return {
    schemaVersion: 1,
    release: "2026.11.0",
    sites,
    seed,
    model,
    notes: ["It <differs>."],
    plan,
    planned: planned!,
    naive: naive!,
    ...names,
  };
}

test("the text fits 80 columns and says both verdicts, in either alphabet", () => {
  const report = reportOf({ product: "ceiling-fan" });
  for (const env of [{ LANG: "en_GB.UTF-8" }, { LC_ALL: "C" }]) {
    const text = simulationText(report, env);
    expect(text.split("\n").filter((line) => Array.from(line).length > 80)).toEqual([]);
    expect(text).toContain("Planned: 0 incompatible pair-hours.");
    expect(text).toMatch(/Naive: {3}[1-9][\d,]* incompatible pair-hours/);
    expect(text.match(/[\d,]+ left-behind pair-hours/g)).toHaveLength(2);
    expect(text).toContain("app-ios >=4.1.0");
    const isAscii = !Array.from(text).some((sign) => sign.charCodeAt(0) > 126);
    expect(isAscii).toBe("LC_ALL" in env);
  }
});

test("the page stands alone and lets no text become markup", () => {
  const page = simulationHtml(reportOf({ product: `<script>"'&` }));
  expect(page).not.toMatch(/<script|<link|<img|<iframe|https?:|url\(|@import|undefined|NaN/);
  expect(page).toContain("&lt;script&gt;&quot;&#39;&amp;");
  expect(page).toContain("It &lt;differs&gt;.");
  expect(page.match(/<svg /g)).toHaveLength(3);
  expect(page.match(/left behind by the retire limits/g)).toHaveLength(2);
  expect(page.match(/<polyline /g)!.length).toBeGreaterThanOrEqual(9);
  expect(page).toContain("prefers-color-scheme: dark");
  const opened = page.match(/<(?!\/|!|meta|line )[a-z0-9]+/g)!.length;
  expect(page.match(/<\/[a-z0-9]+>/g)!.length + (page.match(/<line /g)?.length ?? 0)).toBeGreaterThanOrEqual(
    opened - 1,
  );
});

test("a sparkline shows the highest of each column and goes on as it ended", () => {
  const curve = { days: [0, 1, 2, 3], values: [0, 100, 50, 25] };
  expect(sparkline(curve, { width: 4, untilDay: 4, max: 100, unicode: true })).toBe(" █▄▂");
  expect(sparkline(curve, { width: 8, untilDay: 8, max: 100, unicode: false })).toBe(" @=:::::");
  expect(sparkline(curve, { width: 2, untilDay: 4, max: 0, unicode: true })).toBe("  ");
});

test("an axis begins with 0 and ends with its last day", () => {
  expect(dayAxis(20, 40)).toBe("0   10   20   30 40d");
});

test.each([
  [{}, true],
  [{ LANG: "de_DE.UTF-8" }, true],
  [{ LANG: "C" }, false],
  [{ LANG: "en_US.UTF-8", TERM: "dumb" }, false],
  [{ LC_ALL: "POSIX", LANG: "en_US.UTF-8" }, false],
])("a terminal with %j shows blocks: %s", (env, shows) => {
  expect(drawsBlocks(env)).toBe(shows);
});
