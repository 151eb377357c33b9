import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetricAnswer } from "../../src/metrics/metric-source.ts";
import { PrometheusSource } from "../../src/metrics/prometheus/prometheus-source.ts";
import { fillVersions } from "../../src/metrics/versions-in-query.ts";
import { type StartedPrometheus, startPrometheus } from "../support/prometheus.ts";

const atMs = 1_764_547_200_000;
/** What a device may call its version: quotes, a line end, everything that patterns are made of. */
const odd = `1.0 "it's" \`x\`\\d|(.*)$^[]{}+?\n2\u{1f300}`;
const written = odd.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
const history = `# TYPE errors gauge
errors{version="1.9.4",device="a"} 2 ${atMs / 1000}
errors{version="1.9.4",device="b"} 3.5 ${atMs / 1000}
errors{version="2.0.0",device="c"} 7 ${atMs / 1000}
errors{version="2x0y0",device="d"} 100 ${atMs / 1000}
errors{version="${written}",device="e"} 11 ${atMs / 1000}
# EOF
`;

let server: StartedPrometheus | null = null;
beforeAll(async () => {
  server = await startPrometheus({ targets: [], history });
}, 30_000);
afterAll(() => server?.stop());

describe("a real Prometheus", () => {
  const ask = (query: string, whenMs = atMs): Promise<MetricAnswer> =>
    new PrometheusSource({ url: `${server!.url}/` }).query(query, whenMs);

  it("says a number", async ({ skip }) => {
    if (!server) skip();
    expect(await ask("sum(errors)")).toEqual({ value: 123.5 });
    expect(await ask('errors{device="b"}')).toEqual({ value: 3.5 });
    expect(await ask("scalar(sum(errors)) / 247e9")).toEqual({ value: 5e-10 });
    expect(await ask("-errors{device='a'}", atMs + 60_000)).toEqual({ value: -2 });
  });

  it("says in words why there is none", async ({ skip }) => {
    if (!server) skip();
    expect(await ask("nosuch")).toEqual({ problem: "no series matches" });
    expect(await ask("sum(errors)", atMs + 3_600_000)).toEqual({ problem: "no series matches" });
    expect(await ask("errors")).toMatchObject({ problem: expect.stringMatching(/^5 series match/) });
    expect(await ask("scalar(nosuch)")).toEqual({ problem: "the number is NaN" });
    expect(await ask("sum(errors) / 0")).toEqual({ problem: "the number is +Inf" });
    expect(await ask("-sum(errors) / 0")).toEqual({ problem: "the number is -Inf" });
    expect(await ask("errors / on() errors")).toMatchObject({
      problem: expect.stringMatching(/^execution: .*many-to-many/),
    });
  });

  it("refuses what is no query, and what never has a number for an answer", async ({ skip }) => {
    if (!server) skip();
    expect(await ask("sum(errors")).toMatchObject({
      refused: true,
      problem: expect.stringMatching(/^bad_data: .*parse error/),
    });
    expect(await ask("errors[5m]")).toMatchObject({ refused: true });
    expect(await ask('"five"')).toMatchObject({ refused: true });
  });

  it("takes a pattern of versions for them and nothing else, in every kind of quotes", async ({ skip }) => {
    if (!server) skip();
    for (const quote of ['"', "'", "`"]) {
      const query = `sum(errors{version=~${quote}$versions${quote}})`;
      expect(await ask(fillVersions(query, ["2.0.0"]))).toEqual({ value: 7 });
      expect(await ask(fillVersions(query, ["1.9.4", "3.0.0"]))).toEqual({ value: 5.5 });
      expect(await ask(fillVersions(query, [odd]))).toEqual({ value: 11 });
    }
  });
});
