import type { Clock } from "../../base/clock.ts";
import { IotctlError } from "../../base/errors.ts";
import type { BundleDescription } from "../../bundle/bundle-description.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { RolloutJournal } from "../../rollout/journal/journal.ts";
import type { StoredRelease } from "../../storage/artifact-store.ts";
import type { Context } from "../context.ts";
import { planRelease } from "./plan-release.ts";
import { type ProgressStyle, runSteps, type WorkStep } from "./run-steps.ts";
import { rolloutStep } from "./watch-rollout.ts";

export interface ReleaseOptions {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly bundleDir: string;
  readonly context: Context;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  readonly timeoutMs: number | null;
  readonly waitForPeople: boolean;
  /** Stop once the rollout has been started. */
  readonly detach: boolean;
  readonly style: ProgressStyle;
  /** Told of every look at the rollout. */
  readonly onView?: (view: RolloutView) => void | Promise<void>;
}

export interface ReleaseResult {
  readonly plan: Plan;
  readonly bundle: { readonly manifestDigest: string; readonly published: "published" | "present" };
  readonly rollout: RolloutView;
}

/** Order by what the user loses: everything that can refuse comes before anything that moves. */
export async function runRelease(options: ReleaseOptions): Promise<ReleaseResult> {
  const { context } = options;
  let release!: Release;
  let dir = "";
  let plan!: Plan;
  let bundle!: BundleDescription;
  let stored!: { result: "published" | "present"; release: StoredRelease };
  let journal!: RolloutJournal;
  let rollout!: RolloutView;

  const steps: WorkStep[] = [
    {
      title: "Check",
      run: async () => {
        const { loadRelease } = await import("../../manifest/load-release.ts");
        ({ release, dir } = await loadRelease(options.file, options.env, { artifactsMustExist: true }));
        return `${release.product} ${release.version}`;
      },
    },
    {
      title: "Plan",
      run: async (say) => {
        const planned = await planRelease(release, context, options.clock.now());
        for (const { message } of planned.warnings) say(`Warning: ${message}`);
        ({ plan } = planned);
        assertFeasible(plan);
        const moves = plan.steps.filter(({ action }) => action === "introduce");
        return moves.length === 0 ? "the field is there already" : moves.map(stepName).join(" → ");
      },
    },
    {
      title: "Bundle",
      run: async () => {
        const { bundleRelease } = await import("../../bundle/write-bundle.ts");
        bundle = await bundleRelease({ release, releaseDir: dir, dir: options.bundleDir });
        return `${bundle.artifacts.length} artifacts, ${shortDigest(bundle.manifest.digest)}`;
      },
    },
    {
      title: "Sign",
      run: async () => {
        const { signBundle } = await import("../../bundle/sign-bundle.ts");
        const signer = await context.signer();
        const signed = await signBundle({ dir: options.bundleDir, signer });
        bundle = signed.bundle;
        return `${signed.result === "signed" ? "signed" : "was signed"} with ${context.environment.signing.keyFile}`;
      },
    },
    {
      title: "Push",
      run: async () => {
        const { pushBundle } = await import("../../bundle/push-bundle.ts");
        const [store, trustedKeys] = [await context.store(), await context.trustedKeys()];
        stored = await pushBundle({ bundleDir: options.bundleDir, store, trustedKeys });
        return `${stored.result === "published" ? "published" : "was there already"} in ${store.location}`;
      },
    },
    {
      title: "Start",
      run: async () => {
        const begun = await beginRollout({ ...options, release, dir, plan, bundle, stored: stored.release });
        journal = begun.journal;
        return `${begun.resumed ? "goes on with" : "rollout"} ${journal.rolloutId}`;
      },
    },
    rolloutStep(
      async () => ({ ...options, journal, ports: await context.rolloutPorts() }),
      (view) => {
        rollout = view;
      },
    ),
  ];
  await runSteps(options.detach ? steps.slice(0, -1) : steps, options.style, options.clock);
  if (options.detach) {
    const { describeRollout } = await import("../../rollout/engine/describe-rollout.ts");
    const { readRollout } = await import("../../rollout/advance.ts");
    rollout = describeRollout(await readRollout(journal));
  }
  return {
    plan,
    bundle: { manifestDigest: bundle.manifest.digest, published: stored.result },
    rollout,
  };
}

async function beginRollout(options: {
  readonly context: Context;
  readonly clock: Clock;
  readonly release: Release;
  readonly dir: string;
  readonly plan: Plan;
  readonly bundle: BundleDescription;
  readonly stored: StoredRelease;
}): Promise<{ journal: RolloutJournal; resumed: boolean }> {
  const { bundle, clock, context, dir, plan, release, stored } = options;
  const { findOpenRollout, startRollout } = await import("../../rollout/start-rollout.ts");
  const { digestBytes } = await import("../../bundle/digest-file.ts");
  const { openStoredRelease } = await import("../../bundle/open-stored-release.ts");
  const journals = await context.journals();
  const identity = { product: release.product, manifestDigest: stored.manifestDigest };
  const open = await findOpenRollout(journals, identity);
  if (open) return { journal: open, resumed: true };

  const store = await context.store();
  const opened = await openStoredRelease({
    store,
    product: release.product,
    version: release.version,
    trustedKeys: await context.trustedKeys(),
  });
  if (!opened) throw new Error(`${release.product} ${release.version} is not in ${store.location}`);
  const journal = await startRollout(
    journals,
    {
      environment: context.environment.name,
      plan,
      manifestDigest: stored.manifestDigest,
      attestationDigest: digestBytes(opened.signature).digest,
      resolved: bundle.resolved,
      stages: release.rollout.stages,
      gates: release.gates,
      retire: release.retire,
      onFailure: release.onFailure,
      services: servicesOf(release, dir),
    },
    clock.now(),
  );
  return { journal, resumed: false };
}

function servicesOf(release: Release, cwd: string): Record<string, { cwd: string; deploy?: string }> {
  return Object.fromEntries(
    Object.entries(release.components).flatMap(([name, component]) =>
      component.kind === "service"
        ? [
            [
              name,
              {
                cwd,
                ...(component.deploy === undefined ? {} : { deploy: component.deploy }),
                ...(component.observe === undefined ? {} : { observe: component.observe }),
              },
            ],
          ]
        : [],
    ),
  );
}

/** Turns a plan that is a "no" into the error that shows why. */
export function assertFeasible(plan: Plan): void {
  if (plan.feasible) return;
  const pairs = plan.blocked?.pairs ?? [];
  throw new IotctlError(
    "IOT_PLAN_BLOCKED",
    `There is no safe order for ${plan.product} ${plan.release}:\n` +
      pairs.map(({ a, b, evidence, verdict }) => `  ${a} and ${b} are ${verdict}: ${evidence}`).join("\n"),
    {
      hints: [
        "See the whole plan: iotctl plan",
        "Ask about one pair: iotctl can-i <component@version> <component@version>",
      ],
      details: { plan },
    },
  );
}

function stepName({ component, version }: { component: string; version: string }): string {
  return `${component} ${version}`;
}

/** `sha256:0123456789ab`, enough for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
