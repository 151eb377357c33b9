import { IotctlError } from "../../base/errors.ts";
import { iotctlCommand } from "../../base/iotctl-command.ts";
import type { BundleDescription } from "../../bundle/bundle-description.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import { readRollout } from "../../rollout/advance.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { RolloutJournal } from "../../rollout/journal/journal.ts";
import { assertCanStage } from "../../rollout/assert-can-stage.ts";
import { assertReleasable, findOpenRollout } from "../../rollout/open-rollout.ts";
import type { RolloutOfProduct } from "../../rollout/rollouts-of-product.ts";
import type { Context } from "../context.ts";
import { approvalTerms } from "./approval-terms.ts";
import { beginRollout } from "./begin-rollout.ts";
import { assertFeasible } from "./assert-feasible.ts";
import type { FieldLook } from "./look-at-field.ts";
import type { Progress } from "./progress.ts";
import { watchRollout, type WatchOptions } from "./watch-rollout.ts";

export interface ReleaseOptions extends Omit<WatchOptions, "journal" | "ports"> {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly bundleDir: string;
  readonly context: Context;
  /** Stop once the rollout has been started. */
  readonly detach: boolean;
  /** Roll out again what was stopped or rolled back before. */
  readonly again: boolean;
  /** A saved plan that must still hold. */
  readonly planFile?: string | undefined;
}

export interface ReleaseResult {
  readonly plan: Plan;
  readonly bundle: { readonly manifestDigest: string; readonly published: "published" | "present" };
  /** Null when the field was on the release already. */
  readonly rollout: RolloutView | null;
}

/** Order by what the user loses: everything that can refuse comes before anything that moves. */
export async function runRelease(given: ReleaseOptions): Promise<ReleaseResult> {
  const progress = stoppable(given.progress, given.signal);
  const options = { ...given, progress };
  const { context } = options;
  const { release, dir } = await check(options);
  const journals = await context.journals();
  const open = await findOpenRollout(journals, release);
  if (!open && !options.again) await assertReleasable(journals, release);

  const { look, plan } = open
    ? await planUnderWay(release, open, dir, options)
    : await makeFeasiblePlan(release, options);
  const bundle = await seal(release, dir, open, options);
  const published = await push(options);
  const result = { plan, bundle: { manifestDigest: bundle.manifest.digest, published } };

  const moves = plan.steps.some(({ action }) => action === "introduce");
  if (!open && !moves) return { ...result, rollout: null };
  const start = () => begin({ release, dir, plan, look, resolved: bundle.resolved }, options);
  const journal = open?.journal ?? (await progress.step("Start", start));
  const rollout = options.detach
    ? describeRollout(await readRollout(journal, context.consents), options.clock.now())
    : await watchRollout({ ...given, journal, ports: await context.rolloutPorts() });
  return { ...result, rollout };
}

function check({ env, file, progress }: ReleaseOptions): Promise<{ release: Release; dir: string }> {
  return progress.step("Check", async () => {
    const { loadRelease } = await import("../../manifest/load-release.ts");
    const value = await loadRelease(file, env, { artifactsMustExist: true });
    return { value, note: `${value.release.product} ${value.release.version}` };
  });
}

interface ReleasePlan {
  readonly plan: Plan;
  readonly look: Pick<FieldLook, "devices" | "hops" | "leftOut">;
}

/** A rollout that began has all it needs in its journal; a plan that is named must be its own. */
async function planUnderWay(
  release: Release,
  { journal, state }: RolloutOfProduct,
  dir: string,
  { context, planFile }: ReleaseOptions,
): Promise<ReleasePlan> {
  const { plan } = state.config;
  const { assertTermsUnchanged } = await import("./assert-terms-unchanged.ts");
  assertTermsUnchanged({ release, dir, environment: context.environment }, state);
  if (planFile !== undefined) {
    const { assertIsPlanOf } = await import("./plan-of-file.ts");
    assertIsPlanOf(planFile, release, { rolloutId: journal.rolloutId, plan });
  }
  return { plan, look: { devices: [], hops: new Map(), leftOut: [] } };
}

function makeFeasiblePlan(
  release: Release,
  { clock, context, planFile, progress }: ReleaseOptions,
): Promise<ReleasePlan> {
  return progress.step("Plan", async (say) => {
    const { planToCarryOut } = await import("./plan-of-file.ts");
    const { assertMetricsConfigured, checkMetricGates } = await import("./check-metric-gates.ts");
    assertMetricsConfigured(release, context);
    const options = { planFile, nowMs: clock.now() };
    const { look, plan, warnings } = await planToCarryOut(release, context, options);
    for (const warning of warnings) say(`Warning: ${warning}`);
    assertFeasible(plan);
    assertCanStage(plan, await context.fleet());
    await approvalTerms(release, context);
    const doubts = await checkMetricGates(release, plan, context, options.nowMs);
    for (const doubt of doubts) say(`Warning: ${doubt}`);
    const moves = plan.steps.filter(({ action }) => action === "introduce");
    const note = moves
      .map(({ component, staged, version }) => `${component} ${version}${staged ? " (staged)" : ""}`)
      .join(" → ");
    return { value: { plan, look }, note: note || "the field is on this release already" };
  });
}

async function seal(
  release: Release,
  releaseDir: string,
  open: RolloutOfProduct | null,
  { bundleDir, context, progress }: ReleaseOptions,
): Promise<BundleDescription> {
  const bundle = await progress.step("Bundle", async () => {
    const { bundleRelease } = await import("../../bundle/write-bundle.ts");
    const value = await bundleRelease({ release, releaseDir, dir: bundleDir });
    return { value, note: `${value.artifacts.length} artifacts, ${shortDigest(value.manifest.digest)}` };
  });
  if (open && open.state.config.manifestDigest !== bundle.manifest.digest) throw changedSince(open, bundle);
  await progress.step("Sign", async () => {
    const { signBundle } = await import("../../bundle/sign-bundle.ts");
    const { result } = await signBundle({ dir: bundleDir, signer: await context.signer() });
    const note = `${result === "signed" ? "signed" : "was signed"} with ${context.environment.signing.keyFile}`;
    return { value: result, note };
  });
  return bundle;
}

function push({ bundleDir, context, progress }: ReleaseOptions): Promise<"published" | "present"> {
  return progress.step("Push", async () => {
    const { pushBundle } = await import("../../bundle/push-bundle.ts");
    const [store, trustedKeys] = [await context.store(), await context.trustedKeys()];
    const { result } = await pushBundle({ bundleDir, store, trustedKeys });
    return {
      value: result,
      note: `${result === "published" ? "published" : "was there already"} in ${store.location}`,
    };
  });
}

async function begin(
  what: Omit<Parameters<typeof beginRollout>[0], "context" | "atMs">,
  { clock, context }: ReleaseOptions,
): Promise<{ value: RolloutJournal; note: string }> {
  const value = await beginRollout({ ...what, context, atMs: clock.now() });
  return { value, note: `rollout ${value.rolloutId}` };
}

/** Until the rollout has begun, Ctrl-C ends the release before its next step. */
function stoppable(progress: Progress, signal: AbortSignal): Progress {
  return {
    step(title, work) {
      if (signal.aborted) {
        throw new IotctlError("IOT_INTERRUPTED", `Stopped before step ${title}; nothing was rolled out.`, {
          hints: ["Go on: iotctl release"],
        });
      }
      return progress.step(title, work);
    },
  };
}

function changedSince({ journal, state }: RolloutOfProduct, bundle: BundleDescription): IotctlError {
  const { environment, manifestDigest, resolved } = state.config;
  return new IotctlError(
    "IOT_RELEASE_CHANGED",
    `Rollout ${journal.rolloutId} began with ${shortDigest(manifestDigest)}; the manifest or its artifacts make ` +
      `${shortDigest(bundle.manifest.digest)} now.`,
    {
      hints: [
        `Put back what ${resolved.version} was, or release it under a new version`,
        `Go on with what began: ${iotctlCommand(`rollout watch ${journal.rolloutId}`, environment)}`,
      ],
      details: { expected: manifestDigest, found: bundle.manifest.digest },
    },
  );
}

/** `sha256:0123456789ab`, enough for people. */
function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
