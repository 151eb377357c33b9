import { chdir } from "node:process";
import { resolve } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { relationOf } from "../../rollout/engine/known-versions.ts";
import { readRollout } from "../../rollout/advance.ts";
import { LiveRollout } from "../../rollout/live-rollout.ts";
import { type JudgedMeetings, judgeMeetings } from "../../simulation/judge-meetings.ts";
import { signedConsent, takeConsent } from "../consent/give-consent.ts";
import type { Context } from "../context.ts";
import { runRelease } from "../release/run-release.ts";
import type { Progress } from "../release/progress.ts";
import { startDemoWorld, type DemoWorld } from "./demo-world.ts";
import { type Fault, prepareWorkspace } from "./prepare-workspace.ts";

export interface DemoOptions {
  /** The ceiling fan, as the package brings it. */
  readonly exampleDir: string;
  readonly dir: string;
  readonly deviceCount: number;
  readonly fault: Fault | null;
  readonly openContext: () => Promise<Context>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly say: (text: string) => void;
}

export interface DemoResult {
  readonly dir: string;
  readonly rollout: RolloutView;
  /** What phones and devices really met; `incompatible` is what the whole thing is there to prevent. */
  readonly meetings: JudgedMeetings;
  /** What the firmware of the real agents answers. */
  readonly agents: readonly { readonly id: string; readonly answers: string }[];
}

/** Releases the ceiling fan to a fleet and users that it starts itself, and approves in their place. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { clock, deviceCount, progress, signal } = options;
  const dir = resolve(options.dir);
  prepareWorkspace(options.exampleDir, dir, options.fault);
  chdir(dir);
  const context = await options.openContext();
  const world = await progress.step("Set up", async () => {
    const value = await startDemoWorld({
      dir,
      deviceCount,
      context,
      clock,
      log: () => {},
      entry: process.argv[1] ?? "",
    });
    return {
      value,
      note: `a fleet server, an app store with users, ${deviceCount} virtual devices and ${value.agents.length} agent processes in ${dir}`,
    };
  });
  try {
    const approved = new Set<string>();
    const { rollout } = await runRelease({
      file: "release.yaml",
      env: process.env,
      bundleDir: ".iotctl/bundle",
      context,
      clock,
      signal,
      intervalMs: 500,
      timeoutMs: 5 * 60_000,
      waitForPeople: true,
      detach: false,
      again: false,
      progress,
      onView: async (view) => {
        const [stage = ""] = view.wave.split(" ");
        if (view.status !== "awaiting-approval" || approved.has(stage)) return;
        approved.add(stage);
        await approve(context, view.rolloutId, stage, clock);
        options.say(
          `The demo approves stage ${stage} itself; a person types: iotctl rollout approve --stage ${stage}`,
        );
      },
    });
    if (!rollout) throw new Error("the demo found nothing to roll out");
    return {
      dir,
      rollout,
      meetings: await judge(context, rollout, world),
      agents: await askAgents(world),
    };
  } finally {
    await world.stop();
  }
}

/** With the key of the environment, which is that of its one developer. */
async function approve(context: Context, rolloutId: string, stage: string, clock: Clock): Promise<void> {
  const { consents } = context;
  const live = new LiveRollout((await context.journals()).open(rolloutId), consents);
  await live.catchUp();
  const words = {
    decision: "approve",
    stage,
    reason: "a person would type: iotctl rollout approve",
  } as const;
  const signer = await context.signer();
  const consent = await signedConsent(words, live.state.config, { clock, consents, signer });
  await takeConsent(live, consent, { clock, consents });
}

async function judge(
  context: Context,
  { rolloutId }: RolloutView,
  world: DemoWorld,
): Promise<DemoResult["meetings"]> {
  const { config } = await readRollout((await context.journals()).open(rolloutId));
  return judgeMeetings((await world.meetings()).meetings, relationOf(config));
}

async function askAgents(world: DemoWorld): Promise<DemoResult["agents"]> {
  const { requestJson } = await import("../../base/json-request.ts");
  return Promise.all(
    world.agents.map(async ({ device, payloadUrl }) => {
      const request = { method: "GET", timeoutMs: 5000, limitBytes: 10_000 } as const;
      const answer = await requestJson(`${payloadUrl}/health`, request).catch(() => null);
      return { id: device.id, answers: answer === null ? "nothing" : JSON.stringify(answer.value) };
    }),
  );
}
