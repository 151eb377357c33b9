import { canonicalJson } from "../../base/canonical-json.ts";
import { formatDuration } from "../../base/durations.ts";
import { IotctlError } from "../../base/errors.ts";
import { iotctlCommand } from "../../base/iotctl-command.ts";
import { formatPercent } from "../../base/percentages.ts";
import type { Environment } from "../../manifest/environment.ts";
import type { Release, Stage } from "../../manifest/release.ts";
import { stagesUnderPolicy } from "../../rollout/consent/approval-policy.ts";
import { hasEnded, type RolloutState } from "../../rollout/engine/state.ts";
import { manifestTerms, type ManifestTerms } from "./manifest-terms.ts";

/** As many as a person reads; the details have them all. */
const changesMax = 10;
const shortChars = 60;

/**
 * Refuses a manifest that says something else of stages, gates, `on-failure`, `retire`, `pairing` or how
 * services are deployed than the rollout began with: IOT_RELEASE_CHANGED with everything that differs. A
 * rollout goes on as it began, and whoever changed the file would believe otherwise.
 */
export function assertTermsUnchanged(
  {
    dir,
    environment,
    release,
  }: {
    readonly release: Release;
    readonly dir: string;
    readonly environment: Pick<Environment, "approvals">;
  },
  state: RolloutState,
): void {
  const { config } = state;
  const stages = stagesUnderPolicy(release.rollout.stages, environment.approvals);
  const changes = [
    ...stageChanges(config.stages, stages),
    ...differences(comparable(config), comparable(manifestTerms(release, dir)), ""),
  ];
  if (changes.length > 0) throw changedTerms(state, changes);
}

/** The same release may lie elsewhere on the machine that goes on with it. */
function comparable({ gates, onFailure, pairing, retire, services }: ManifestTerms): object {
  const components = Object.fromEntries(
    Object.entries(services).map(([name, { deploy, observe }]) => [name, { deploy, observe }]),
  );
  return { gates, onFailure, pairing, retire, components };
}

function stageChanges(then: readonly Stage[], now: readonly Stage[]): string[] {
  const [before, after] = [then, now].map((stages) => stages.map(({ name }) => name).join(", "));
  if (before !== after) return [`stages: ${before} → ${after}`];
  return then.flatMap((stage, index) => differences(stage, now[index], `stage ${stage.name}`));
}

/** What differs between two values, each as the way to it and both values. */
function differences(then: unknown, now: unknown, path: string): string[] {
  if (canonicalJson(then ?? null) === canonicalJson(now ?? null)) return [];
  if (!isRecord(then) || !isRecord(now)) return [changeOf(then, now, path)];
  return [...new Set([...Object.keys(then), ...Object.keys(now)])].flatMap((key) =>
    differences(then[key], now[key], path === "" ? key : `${path}.${key}`),
  );
}

function changeOf(then: unknown, now: unknown, path: string): string {
  const key = path.replace(/^.*\./, "");
  const where = path.slice(0, path.length - key.length) + keyInManifest(key);
  const [before, after] = [then, now].map((value) => inManifest(key, value));
  const isShort = `${before}${after}`.length <= shortChars && !Array.isArray(then) && !Array.isArray(now);
  return isShort ? `${where}: ${before} → ${after}` : where;
}

const namesInManifest: Readonly<Record<string, string>> = {
  approvalsRequired: "approve",
  limitPercent: "limit",
  waves: "devices, apps",
  windows: "window",
};

/** `bakeMs` is `bake` in a manifest. */
function keyInManifest(key: string): string {
  const name = namesInManifest[key] ?? key.replace(/(Ms|Percent)$/, "");
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function inManifest(key: string, value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "number" && key.endsWith("Ms")) return formatDuration(value);
  if (typeof value === "number" && key.endsWith("Percent")) return formatPercent(value);
  return typeof value === "string" ? value : canonicalJson(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function changedTerms({ config, status }: RolloutState, changes: readonly string[]): IotctlError {
  const { environment, resolved, rolloutId } = config;
  const more = changes.length - changesMax;
  const lines = [...changes.slice(0, changesMax), ...(more > 0 ? [`... and ${more} more`] : [])];
  const command = (words: string): string => iotctlCommand(words, environment);
  const goOn = hasEnded(status)
    ? `Let devices that were away join as it began: ${command(`rollout advance ${rolloutId}`)}`
    : `Go on with what began: ${command(`rollout watch ${rolloutId}`)}`;
  return new IotctlError(
    "IOT_RELEASE_CHANGED",
    `Rollout ${rolloutId} of ${resolved.version} began with other terms than the manifest and the environment have now:\n` +
      lines.map((line) => `  ${line}`).join("\n"),
    {
      hints: [
        "Put them back, or release under a new version",
        goOn,
        `Or begin anew: ${command(`rollout abort ${rolloutId}`)}, then ${command("release --again")}`,
      ],
      details: { rolloutId, changes },
    },
  );
}
