import { IotctlError } from "../../base/errors.ts";
import { iotctlCommand } from "../../base/iotctl-command.ts";
import type { ConsentWords } from "../../rollout/consent/consent-statement.ts";
import { bakingWave, hasBegunWhole } from "../../rollout/engine/describe-stage.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";
import { assertUnderWay } from "../assert-under-way.ts";

/**
 * Refuses a word that could change nothing: about a rollout that is not under way, a stage that has begun
 * with its last wave (IOT_STAGE_OVER) or that waits for nobody (IOT_STAGE_NEEDS_NO_APPROVAL), a wave that
 * does not bake (IOT_WAVE_NOT_BAKING), or a stage that there is not (IOT_STAGE_UNKNOWN).
 */
export function assertTimely(
  state: RolloutState,
  said: Pick<ConsentWords, "decision" | "stage" | "wave" | "phase">,
): void {
  assertUnderWay(state);
  const { decision, phase, stage, wave } = said;
  if (decision === "skip-bake") {
    const baking = bakingWave(state);
    if (!baking || baking.stage !== stage || baking.wave !== wave) throw waveNotBaking(state, wave);
    if (phase !== undefined && baking.phase !== phase) throw waveNotBaking(state, wave);
    return;
  }
  const asked = state.config.stages.find(({ name }) => name === stage);
  if (!asked) throw stageUnknown(state, said);
  if (hasBegunWhole(state, stage)) throw stageOver(state, said);
  const isHeld = state.approvals.some((each) => each.stage === stage && each.denied);
  if (decision === "approve" && asked.approvalsRequired === 0 && !isHeld) throw needsNoApproval(state, stage);
}

/** The error for a bake time that cannot be ended: none is under way, or not that of `wave`. */
export function waveNotBaking({ config, status }: RolloutState, wave?: string): IotctlError {
  const { environment, rolloutId } = config;
  const what = wave === undefined ? "No wave" : `Wave ${wave}`;
  const lack = wave === undefined ? "has a bake time" : "has no bake time";
  return new IotctlError(
    "IOT_WAVE_NOT_BAKING",
    `${what} of rollout ${rolloutId} ${lack} that could end: it is ${status.replaceAll("-", " ")}.`,
    { hints: [`See what it waits for: ${iotctlCommand(`rollout status ${rolloutId}`, environment)}`] },
  );
}

function stageUnknown(
  { config }: RolloutState,
  { decision, stage }: Pick<ConsentWords, "decision" | "stage">,
) {
  const { environment, rolloutId, stages } = config;
  const names = stages.map(({ name }) => name);
  const command = (name: string): string =>
    iotctlCommand(`rollout ${decision} ${rolloutId} --stage ${name}`, environment);
  return new IotctlError(
    "IOT_STAGE_UNKNOWN",
    `Rollout ${rolloutId} has no stage ${stage}; it has ${names.join(", ")}.`,
    { hints: names.map(command), details: { rolloutId, stage, stages: names } },
  );
}

function stageOver({ config }: RolloutState, { decision, stage }: Pick<ConsentWords, "decision" | "stage">) {
  const { environment, rolloutId } = config;
  const verb = decision === "approve" ? "approve" : "hold";
  const hints = ["pause", "abort"].map(
    (word) => `To stop what is under way: ${iotctlCommand(`rollout ${word} ${rolloutId}`, environment)}`,
  );
  return new IotctlError(
    "IOT_STAGE_OVER",
    `Every wave of stage ${stage} of rollout ${rolloutId} has begun; there is nothing left of it to ${verb}.`,
    {
      hints:
        decision === "deny"
          ? hints
          : [`See how it stands: ${iotctlCommand(`rollout status ${rolloutId}`, environment)}`],
      details: { rolloutId, stage },
    },
  );
}

function needsNoApproval({ config }: RolloutState, stage: string): IotctlError {
  const { environment, rolloutId } = config;
  return new IotctlError(
    "IOT_STAGE_NEEDS_NO_APPROVAL",
    `Stage ${stage} of rollout ${rolloutId} asks for nobody's approval, and nobody holds it.`,
    {
      hints: [`See what it waits for: ${iotctlCommand(`rollout status ${rolloutId}`, environment)}`],
      details: { rolloutId, stage },
    },
  );
}
