import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { IotctlError } from "../../../src/base/errors.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { type Context, openContext } from "../../../src/cli/context.ts";
import { assertMetricsConfigured, checkMetricGates } from "../../../src/cli/release/check-metric-gates.ts";
import { planRelease } from "../../../src/cli/release/plan-release.ts";
import { runRelease } from "../../../src/cli/release/run-release.ts";
import type { CountGate, Gate, MetricGate, Release } from "../../../src/manifest/release.ts";
import type { MetricAnswer, MetricSource } from "../../../src/metrics/metric-source.ts";
import { fanRelease } from "../../support/fan-release.ts";
import { planOf, stage } from "../../support/fan-rollout.ts";
import { deviceOn, planningContext } from "../../support/planning-context.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const basics = { component: "fan", everyMs: 60_000, deadlineMs: 3_600_000 } as const;
const errors: MetricGate = {
  ...basics,
  measure: "metric",
  query: 'errors{v=~"$versions"}',
  bound: { kind: "max", value: 1 },
  readings: 3,
};
const crashes: CountGate = {
  ...basics,
  measure: "count",
  failures: "crashed",
  of: "all",
  limitPercent: 1,
  alpha: 0.05,
};

let dir: string;
beforeEach(() => {
  dir = temporaryDirectory();
});

const field = () => ({ devices: [deviceOn("1.9.4")], installed: { "app-android": { "4.1.0": 9 } } });
const releaseWith = (gates: Record<string, Gate>, used = Object.keys(gates)): Release => ({
  ...fanRelease(),
  gates,
  rollout: { stages: [stage("canary", { gates: used })] },
});
const plan = planOf("introduce fan 2.0.0");

function check(release: Release, answer: (query: string) => MetricAnswer) {
  const asked: string[] = [];
  const source: MetricSource = {
    name: "test",
    query: async (query) => {
      asked.push(query);
      return answer(query);
    },
  };
  const context = { metrics: async () => source } as unknown as Context;
  return { asked, warnings: () => checkMetricGates(release, plan, context, 0) };
}

describe("an environment without metrics", () => {
  it("is no place for a release whose stages ask them, and `plan` says so", async () => {
    const context = await planningContext(dir, field());
    const error = await thrownBy(async () => assertMetricsConfigured(releaseWith({ errors }), context));
    expect(error).toMatchObject({ code: "IOT_METRICS_NOT_CONFIGURED", exit: 2 });
    expect(error.message).toBe("Gate errors asks metrics, and the environment local has none.");
    const { warnings } = await planRelease(releaseWith({ crashes }), context, { nowMs: 0 });
    expect(warnings).toContainEqual(expect.stringContaining("gate crashes asks metrics"));
  });

  it("is fine where no stage asks", async () => {
    const context = await planningContext(dir, field());
    expect(() => assertMetricsConfigured(releaseWith({ errors }, ["updated"]), context)).not.toThrow();
    expect(await context.metrics()).toBeNull();
  });

  it("ends a release before anything is looked at or sealed", async () => {
    const manifest = `apiVersion: iotctl.dev/v1
kind: Release
product: lamp
version: 1.0.0
components:
  lamp: { kind: firmware, version: 2.0.0, variants: { rev-a: lamp.bin } }
rollout: { stages: [{ name: all, devices: 100%, gates: [errors] }] }
gates: { errors: { measure: metric, query: up, max: 1 } }
`;
    writeFileSync(join(dir, "release.yaml"), manifest);
    writeFileSync(join(dir, "lamp.bin"), "lamp");
    const steps: string[] = [];
    const release = runRelease({
      file: join(dir, "release.yaml"),
      env: {},
      bundleDir: join(dir, "bundle"),
      context: await planningContext(dir, field()),
      clock: new VirtualClock(),
      signal: new AbortController().signal,
      intervalMs: 1000,
      timeoutMs: null,
      waitForPeople: false,
      detach: false,
      again: false,
      progress: {
        async step(title, work) {
          steps.push(title);
          return (await work(() => {})).value;
        },
      },
      onView: () => {},
    });
    await expect(release).rejects.toMatchObject({ code: "IOT_METRICS_NOT_CONFIGURED" });
    expect(steps).toEqual(["Check", "Plan"]);
    expect(existsSync(join(dir, "bundle"))).toBe(false);
  });
});

describe("the queries of a release", () => {
  it("are asked once each, of the versions that are in use", async () => {
    const { asked, warnings } = check(releaseWith({ errors, crashes }), () => ({ value: 1 }));
    expect(await warnings()).toEqual([]);
    expect(asked).toEqual([String.raw`errors{v=~"(?:1\\.8\\.0|1\\.9\\.4)"}`, "crashed", "all"]);
  });

  it("are refused in the words of the server", async () => {
    const { warnings } = check(releaseWith({ crashes }), (query) =>
      query === "all" ? { problem: "bad_data: parse error", refused: true } : { value: 1 },
    );
    const error = await thrownBy(warnings);
    expect(error).toMatchObject({ code: "IOT_METRIC_QUERY_INVALID", exit: 2 });
    expect(error.message).toBe("The query `of` of gate crashes is refused: bad_data: parse error.");
    expect(error.hints).toEqual(["Correct it in the manifest: all"]);
  });

  it("that have no number now are warned of, where somebody runs what they ask about", async () => {
    const none = { problem: "no series matches" };
    expect(await check(releaseWith({ errors, crashes }), () => none).warnings()).toEqual([
      "the query of gate errors has no number now, asked of fan 1.8.0, 1.9.4: no series matches",
      "the query `failures` of gate crashes has no number now: no series matches",
      "the query `of` of gate crashes has no number now: no series matches",
    ]);
    const ofNobody: MetricGate = { ...errors, component: "cloud", query: 'up{v=~"$versions"}' };
    const first = { ...plan, field: {} };
    const context = { metrics: async () => ({ name: "test", query: async () => none }) };
    expect(
      await checkMetricGates(releaseWith({ ofNobody }), first, context as unknown as Context, 0),
    ).toEqual([]);
  });

  it("cannot be asked where metrics are away, which is a warning and said once", async () => {
    const { asked, warnings } = check(releaseWith({ errors, crashes }), () => {
      throw new IotctlError("IOT_METRICS_UNREACHABLE", "Nobody is there.");
    });
    expect(await warnings()).toEqual(["Nobody is there. Gates that ask there hold until it does."]);
    expect(asked).toHaveLength(1);
  });

  it("need the token that the environment names; a rollout under way does without", async () => {
    writeFileSync(
      join(dir, "iotctl.yaml"),
      `apiVersion: iotctl.dev/v1
kind: Environments
environments:
  local: { metrics: { prometheus: { url: "http://127.0.0.1:1", token-env: METRICS_TOKEN } } }
`,
    );
    const context = await openContext({ envName: "local", cwd: dir, env: {} });
    const error = await thrownBy(() => checkMetricGates(releaseWith({ errors }), plan, context, 0));
    expect(error).toMatchObject({ code: "IOT_TOKEN_MISSING", details: { variable: "METRICS_TOKEN" } });
    const shown = await planningContext(dir, field());
    expect((await shown.metrics())?.name).toBe("prometheus");
  });
});
