import { type Random, randomInteger } from "../../../src/base/random.ts";
import type { ResolvedComponent } from "../../../src/bundle/resolved-release.ts";
import type { Freeze } from "../../../src/manifest/environment.ts";
import type { DeviceGate, Gate, Release, Stage, TimeWindow, Wave } from "../../../src/manifest/release.ts";
import type { Plan } from "../../../src/planner/plan.ts";
import type { Hop, RolloutConfig } from "../../../src/rollout/engine/state.ts";
import { pick } from "./chance.ts";
import { kindOf, type Product } from "./products.ts";

export type ModelConfig = Omit<RolloutConfig, "rolloutId" | "planDigest" | "rulesVersion">;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** What a release says of its rollout, drawn at random. */
export function makeConfig(
  random: Random,
  product: Product,
  plan: Plan,
  pairing: Release["pairing"],
  healthy: boolean,
): ModelConfig {
  const measured = random.next() < (healthy ? 0.2 : 0.35) ? measuredGates(random, product, healthy) : {};
  return {
    environment: "model",
    plan,
    manifestDigest: digestOf("manifest"),
    attestationDigest: digestOf("attestation"),
    ...resolvedOf(random, product, `1.${randomInteger(random, 0, 999)}.0`),
    stages: makeStages(random, healthy, Object.keys(measured)),
    gates: {
      updated: deviceGate(random, "update-failure", healthy),
      heartbeat: deviceGate(random, "silent-after-update", healthy),
      ...measured,
    },
    retire: { belowPercent: 0, unseenMs: 30 * 24 * hourMs },
    onFailure: random.next() < 0.7 ? "rollback" : "hold",
    pairing,
    services: {},
  };
}

function deviceGate(random: Random, measure: DeviceGate["measure"], healthy: boolean): DeviceGate {
  return {
    measure,
    limitPercent: healthy ? 45 : pick(random, [20, 30, 45, 45]),
    alpha: healthy ? 0.4 : pick(random, [0.1, 0.3, 0.4]),
    deadlineMs: (healthy ? 6 : randomInteger(random, 2, 6)) * hourMs,
    ...(!healthy && random.next() < 0.07 && { dryRun: true }),
    // What cannot be read as a number must not pass, wherever it came from.
    ...(!healthy && random.next() < 0.01 && { limitPercent: Number.NaN }),
  };
}

/** Gates that metrics are asked for. A query names what it comes to while all is well, and what when it is not. */
function measuredGates(random: Random, product: Product, healthy: boolean): Record<string, Gate> {
  const component = pick(random, [null, ...Object.keys(product.target)]);
  const versions = component === null ? "" : `{version=~"$versions"}`;
  const everyMs = pick(random, [10, 60, 240]) * minuteMs;
  const common = {
    component,
    deadlineMs: everyMs + randomInteger(random, 2, 6) * hourMs,
    everyMs,
    ...(random.next() < 0.3 && { noData: "fail" as const }),
    ...(!healthy && random.next() < 0.15 && { dryRun: true as const }),
  };
  const bound = pick(random, [
    { kind: "max", value: 10 },
    { kind: "min", value: -10 },
    ...(healthy || component === null || kindOf(product, component) === "service"
      ? []
      : [{ kind: "max-increase", value: 20 } as const, { kind: "max-decrease", value: 20 } as const]),
  ] as const);
  const [good, bad] = bound.kind === "max" || bound.kind === "max-increase" ? [5, 50] : [50, -50];
  const errors: Gate = {
    ...common,
    measure: "metric",
    query: `${good} or ${bad} of errors${versions}`,
    bound,
    readings: randomInteger(random, 1, 3),
  };
  const crashes: Gate = {
    ...common,
    measure: "count",
    failures: `1 or 90 of crashes${versions}`,
    of: `100 or 100 of sessions${versions}`,
    limitPercent: 20,
    alpha: 0.1,
  };
  return pick(random, [{ errors }, { crashes }, { errors, crashes }]);
}

/** A canary and a ramp that mostly go by time, since few devices prove little, then everybody. */
function makeStages(random: Random, healthy: boolean, measured: readonly string[]): Stage[] {
  const gates = (share: number): string[] => [
    ...(random.next() < share ? pick(random, [["updated"], ["heartbeat"], ["updated", "heartbeat"]]) : []),
    ...measured.filter(() => random.next() < 0.6),
    // A name of no gate: it never passes.
    ...(!healthy && random.next() < 0.01 ? ["undefined"] : []),
  ];
  const canary: Wave["devices"] =
    random.next() < 0.7
      ? { kind: "label", label: "ring", value: "canary", max: randomInteger(random, 1, 4) }
      : { kind: "percent", percent: 20 };
  const ramp = pick(random, [[30], [30, 60], [50]]);
  const share = healthy ? 0 : 0.3;
  const windows = healthy || random.next() < 0.7 ? [] : makeWindows(random);
  const within = (): Pick<Stage, "windows"> => (windows.length > 0 && random.next() < 0.7 ? { windows } : {});
  return [
    {
      name: "canary",
      waves: [{ devices: canary, appsPercent: 10 }],
      bakeMs: randomInteger(random, 0, 90) * minuteMs,
      gates: gates(share),
      approvalsRequired: random.next() < 0.15 ? 1 : 0,
      ...within(),
    },
    {
      name: "ramp",
      waves: ramp.map((percent) => ({
        devices: { kind: "percent" as const, percent },
        appsPercent: percent,
      })),
      bakeMs: randomInteger(random, 0, 120) * minuteMs,
      gates: gates(share),
      approvalsRequired: randomInteger(random, 0, 2),
      ...within(),
    },
    {
      name: "fleet",
      waves: [{ devices: { kind: "percent", percent: 100 }, appsPercent: 100 }],
      bakeMs: randomInteger(random, 0, 120) * minuteMs,
      gates: gates(1),
      approvalsRequired: randomInteger(random, 0, 1),
      ...within(),
    },
  ];
}

function makeWindows(random: Random): TimeWindow[] {
  const zone =
    random.next() < 0.7 ? "UTC" : pick(random, ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata"]);
  const fromMinute = randomInteger(random, 0, 47) * 30;
  const untilMinute = ((fromMinute + randomInteger(random, 6, 30) * 30 - 1) % 1440) + 1;
  const days = random.next() < 0.5 ? [1, 2, 3, 4, 5, 6, 7] : [1, 2, 3, 6, 7];
  return [{ days, fromMinute, untilMinute, zone }];
}

/** Freezes of the environment, and when they became known there. */
export function makeFreezes(
  random: Random,
  startMs: number,
  spanMs: number,
): { readonly announcedAtMs: number; readonly freeze: Freeze }[] {
  if (random.next() < 0.75) return [];
  return Array.from({ length: randomInteger(random, 1, 2) }, () => {
    const fromMs = startMs + random.next() * spanMs;
    const freeze = { fromMs, untilMs: fromMs + random.next() * 0.4 * spanMs, why: "holidays" };
    return { announcedAtMs: startMs + random.next() * spanMs * 0.5, freeze };
  });
}

/** Versions besides the target were brought by the release itself or by earlier ones. */
function resolvedOf(
  random: Random,
  { facts, target }: Product,
  version: string,
): Pick<RolloutConfig, "resolved" | "hops"> {
  const known: Record<string, Record<string, ResolvedComponent>> = {};
  const hops: Record<string, Record<string, Hop>> = {};
  const components: Record<string, ResolvedComponent> = {};
  for (const each of facts) {
    const { bridges, component, installsOver, kind, requires, securityCounter } = each;
    const name = `${component}@${each.version}`;
    const hardware = kind === "firmware" ? each.hardware : kind === "app" ? [undefined] : [];
    const resolved: ResolvedComponent = {
      kind,
      version: each.version,
      requires,
      ...(installsOver === undefined ? {} : { installsOver }),
      ...(securityCounter === undefined ? {} : { securityCounter }),
      ...(bridges && { bridges }),
      artifacts: hardware.map((model) => ({
        filename: `${name}.bin`,
        ...(model === undefined ? {} : { hardware: model }),
        digest: digestOf(`${name} ${model}`),
        sizeBytes: 1,
      })),
    };
    if (target[component] === each.version) components[component] = resolved;
    else if (random.next() < 0.5) (known[component] ??= {})[each.version] = resolved;
    else
      (hops[component] ??= {})[each.version] = { resolved, attestationDigest: digestOf(`released ${name}`) };
  }
  return { resolved: { schemaVersion: 1, product: "model", version, components, known }, hops };
}

function digestOf(text: string): string {
  return `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64)}`;
}
