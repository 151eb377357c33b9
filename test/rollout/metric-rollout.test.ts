// Rollouts in a model world whose metric gates ask a real Prometheus.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetricGate } from "../../src/manifest/release.ts";
import { PrometheusSource } from "../../src/metrics/prometheus/prometheus-source.ts";
import { advance } from "../../src/rollout/advance.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { fanConfig, planOf, stage, wave } from "../support/fan-rollout.ts";
import { freePort } from "../support/free-port.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { type ModelDevice, newDevice } from "../support/simulation/model-device.ts";
import { QuietField, quietStartMs as startMs } from "../support/simulation/quiet-field.ts";
import { type StartedPrometheus, startPrometheus } from "../support/prometheus.ts";
import { hourMs, minuteMs } from "../support/simulation/settings.ts";

/** Half a day of one number each minute, of what devices with one firmware export. */
function series(metric: string, firmware: string, value: number, untilMs = 12 * hourMs): string[] {
  return Array.from({ length: untilMs / minuteMs }, (_, minute) => {
    const atSeconds = (startMs + minute * minuteMs) / 1000;
    return `${metric}{firmware="${firmware}",device="x"} ${value} ${atSeconds}`;
  });
}

const history = [
  "# TYPE well gauge",
  ...series("well", "1.9.4", 0.5),
  ...series("well", "2.0.0", 0.55),
  "# TYPE ill gauge",
  ...series("ill", "1.9.4", 0.5),
  ...series("ill", "2.0.0", 0.65),
  "# TYPE lost gauge",
  ...series("lost", "1.9.4", 0.5),
  ...series("lost", "2.0.0", 0.5, 40 * minuteMs),
  "# EOF\n",
].join("\n");

let server: StartedPrometheus | null = null;
beforeAll(async () => {
  server = await startPrometheus({ targets: [], history });
}, 30_000);
afterAll(() => server?.stop());

const gateOn = (metric: string, more: Partial<MetricGate> = {}): MetricGate => ({
  measure: "metric",
  query: `avg(${metric}{firmware=~"$versions"})`,
  component: "fan",
  bound: { kind: "max-increase", value: 20 },
  everyMs: minuteMs,
  readings: 3,
  deadlineMs: 2 * hourMs,
  ...more,
});

const fan = (index: number): ModelDevice =>
  newDevice(
    {
      id: `fan-${index}`,
      component: "fan",
      hardware: "a1",
      pollIntervalMs: minuteMs,
      installMs: minuteMs,
      running: "1.9.4",
    },
    startMs,
  );

/** Three hours of a rollout to twenty fans, a third first, with a turn every five minutes. */
async function rollOut(
  gate: MetricGate,
  url = server!.url,
): Promise<{ state: RolloutState; world: QuietField }> {
  const devices = Array.from({ length: 20 }, (_, index) => fan(index));
  const world = new QuietField({ devices, services: {}, offered: [] }, { devicesJudge: false });
  const waves = [30, 100].map((percent) => wave({ kind: "percent", percent }, 0));
  const { rolloutId: _, ...config } = fanConfig({
    plan: planOf("introduce fan 2.0.0"),
    stages: [stage("fleet", { waves, gates: ["updated", "metric"], bakeMs: 30 * minuteMs })],
    gates: {
      updated: { measure: "update-failure", limitPercent: 45, alpha: 0.4, deadlineMs: hourMs },
      metric: gate,
    },
    onFailure: "hold",
  });
  const journal = await startRollout(new MemoryJournals(), config, startMs);
  const ports = { ...world.ports, metrics: new PrometheusSource({ url }) };
  let state = await advance(journal, ports);
  for (let turn = 0; turn < 36; turn++) {
    await world.pass(5 * minuteMs);
    state = await advance(journal, ports);
  }
  return { state, world };
}

const onNew = ({ devices }: QuietField): number =>
  devices.filter(({ running }) => running === "2.0.0").length;

describe("a metric gate", () => {
  it("lets a rollout through whose devices fare as well as those not updated yet", async ({ skip }) => {
    if (!server) skip();
    const { state, world } = await rollOut(gateOn("well"));
    expect(state.status).toBe("completed");
    expect(onNew(world)).toBe(20);
    // Nobody is left to compare with; the last number goes on counting.
    expect(state.metrics["metric"]).toMatchObject({ against: 0.5, last: { value: 0.55 } });
  });

  it("stops one whose updated devices, and only they, fare worse", async ({ skip }) => {
    if (!server) skip();
    const { state, world } = await rollOut(gateOn("ill"));
    expect(state).toMatchObject({ status: "failed", failure: { gate: "metric" } });
    expect(onNew(world)).toBeGreaterThan(0);
    expect(onNew(world)).toBeLessThan(20);
  });

  it("that is a dry run shows that it would have stopped it, and does not", async ({ skip }) => {
    if (!server) skip();
    const { state } = await rollOut(gateOn("ill", { dryRun: true }));
    expect(state.status).toBe("completed");
    expect(state.metrics["metric"]?.last).toMatchObject({ value: 0.65 });
  });

  it("holds one whose numbers stop, or fails it where no data is a failure", async ({ skip }) => {
    if (!server) skip();
    // The readings of the first wave are made within the forty minutes in which there are numbers.
    const held = await rollOut(gateOn("lost"));
    expect(held.state).toMatchObject({ status: "running", waveIndex: 1 });
    expect(held.state.metrics["metric"]?.last).toMatchObject({ value: null, problem: "no series matches" });
    const failing = await rollOut(gateOn("lost", { noData: "fail", deadlineMs: hourMs }));
    expect(failing.state).toMatchObject({ status: "failed", failure: { gate: "metric" } });
  });

  it("holds one whose metrics are away, and the rollout goes on being watched", async () => {
    const { state } = await rollOut(gateOn("well"), `http://127.0.0.1:${await freePort()}`);
    expect(state).toMatchObject({ status: "running", waveIndex: 0 });
    expect(state.metrics["metric"]?.last.problem).toContain("gives no answer");
    expect(Object.values(state.devices).every(({ heard }) => heard)).toBe(true);
  });
});
