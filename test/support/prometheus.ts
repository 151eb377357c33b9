import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { areInstalled, startPackagedServer, untilReady } from "./packaged-server.ts";

export interface PrometheusOptions {
  /** `host:port` of each, scraped at `/metrics`. */
  readonly targets: readonly string[];
  readonly scrapeIntervalMs?: number;
  /**
   * Samples that are there from the start, in the text format of OpenMetrics (timestamps in seconds,
   * last line `# EOF`). A server without targets is ready in half a second; the first scrape takes five.
   */
  readonly history?: string;
}

export interface StartedPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

const backfiller = "promtool";
const readyWithinMs = 25_000;

/**
 * Starts Debian's Prometheus on a free port with an empty directory, and waits until it has scraped
 * each target once (or has found that it does not answer). Null, and a line on stderr, where it is
 * not installed. For `beforeAll`: the caller stops it.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<StartedPrometheus | null> {
  if (!areInstalled(["prometheus", backfiller], ["prometheus"])) return null;
  const dir = mkdtempSync(join(tmpdir(), "iotctl-prometheus-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(dir, "prometheus.json"), JSON.stringify(configuration(options)));
  if (options.history !== undefined) addHistory(dir, options.history);
  const server = startPackagedServer(
    "prometheus",
    [
      "--config.file=prometheus.json",
      "--storage.tsdb.path=data",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    dir,
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(server, "prometheus", () => hasScrapedAll(url, options.targets.length), readyWithinMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** JSON is YAML too. */
function configuration({ targets, scrapeIntervalMs = 200 }: PrometheusOptions): unknown {
  const interval = `${scrapeIntervalMs}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [{ job_name: "test", static_configs: [{ targets }] }],
  };
}

function addHistory(dir: string, openMetrics: string): void {
  writeFileSync(join(dir, "history.txt"), openMetrics);
  execFileSync(backfiller, ["tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"], {
    cwd: dir,
    stdio: "pipe",
  });
}

async function hasScrapedAll(url: string, count: number): Promise<boolean> {
  const ready = await fetch(`${url}/-/ready`);
  if (!ready.ok) return false;
  if (count === 0) return true;
  const answer = await fetch(`${url}/api/v1/targets?state=active`);
  const { data } = (await answer.json()) as { data: { activeTargets: readonly { health: string }[] } };
  return data.activeTargets.filter(({ health }) => health !== "unknown").length === count;
}
