import { IotctlError } from "../base/errors.ts";
import { iotctlCommand } from "../base/iotctl-command.ts";
import { hasEnded, type RolloutState, stillLooks } from "./engine/state.ts";
import { foldJournal } from "./fold.ts";
import type { RolloutJournal, RolloutJournals } from "./journal/journal.ts";
import { type RolloutOfProduct, rolloutsOfProduct } from "./rollouts-of-product.ts";
import { unfinishedEffects } from "./engine/unfinished-effects.ts";

interface ReleaseName {
  readonly product: string;
  readonly version: string;
}

/**
 * The rollout of this release that is under way, or that completed and was not followed by another
 * (devices that were away still join it); null when there is none. Another release of the product
 * under way is IOT_ROLLOUT_IN_PROGRESS: two plans at once would each be safe only without the other;
 * so is one that has ended and not done yet what it decided last, such as to stop.
 */
export async function findOpenRollout(
  journals: RolloutJournals,
  release: ReleaseName,
): Promise<RolloutOfProduct | null> {
  let newest = true;
  for await (const { journal, state } of rolloutsOfProduct(journals, release.product)) {
    const same = state.config.resolved.version === release.version;
    const joins = same && stillLooks(state.status) && (newest || !hasEnded(state.status));
    if (joins) return { journal, state };
    if (!hasEnded(state.status)) throw rolloutInProgress({ journal, state }, release);
    if (hasToFinish(state, newest)) throw rolloutUnfinished({ journal, state }, release);
    newest = false;
  }
  return null;
}

/** The error for a release that would begin beside another rollout. */
export function rolloutInProgress({ journal, state }: RolloutOfProduct, release: ReleaseName): IotctlError {
  const { rolloutId } = journal;
  const verb = state.status === "rolling-back" ? "watch" : "abort";
  const command = (words: string): string => iotctlCommand(words, state.config.environment);
  return new IotctlError(
    "IOT_ROLLOUT_IN_PROGRESS",
    `Rollout ${rolloutId} is under way (${state.status}); ${release.product} ${release.version} cannot begin beside it.`,
    {
      hints: [
        `See it: ${command(`rollout status ${rolloutId}`)}`,
        `Bring it to its end: ${command(`rollout ${verb} ${rolloutId}`)}`,
      ],
      details: { rolloutId, status: state.status },
    },
  );
}

/** Devices may still begin, and stores still offer, what it was to stop: that must not go on beside another plan. */
function rolloutUnfinished({ journal, state }: RolloutOfProduct, release: ReleaseName): IotctlError {
  const { rolloutId } = journal;
  const keys = unfinishedEffects(state).map(({ key }) => key);
  const what = state.status === "completed" ? "with what it gave out last" : "with stopping";
  return new IotctlError(
    "IOT_ROLLOUT_IN_PROGRESS",
    `Rollout ${rolloutId} has ended (${state.status}) and is not done ${what}: ${keys.join(", ")}; ` +
      `${release.product} ${release.version} cannot begin before it is.`,
    {
      hints: [`Finish it: ${iotctlCommand(`rollout advance ${rolloutId}`, state.config.environment)}`],
      details: { rolloutId, status: state.status, pending: keys },
    },
  );
}

/** What a completed rollout was about to give out is the affair of a later one; what was to stop has to stop. */
function hasToFinish(state: RolloutState, isNewest: boolean): boolean {
  return (isNewest || state.status !== "completed") && unfinishedEffects(state).length > 0;
}

/**
 * A rollout that has ended is not touched once a later one of its product began: devices and apps are
 * that one's now. Throws IOT_ROLLOUT_SUPERSEDED. `finishing`: all that is wanted is a turn, which one that is
 * not done with stopping may always have.
 */
export async function assertNotSuperseded(
  journals: RolloutJournals,
  journal: RolloutJournal,
  finishing = false,
): Promise<void> {
  const state = foldJournal(await journal.read());
  if (!state || !hasEnded(state.status)) return;
  if (finishing && hasToFinish(state, false)) return;
  for await (const newest of rolloutsOfProduct(journals, state.config.resolved.product)) {
    if (newest.journal.rolloutId === journal.rolloutId) return;
    throw new IotctlError(
      "IOT_ROLLOUT_SUPERSEDED",
      `Rollout ${journal.rolloutId} has ended (${state.status}), and ${newest.journal.rolloutId} began after it.`,
      { hints: [`Work with the later one: iotctl rollout status ${newest.journal.rolloutId}`] },
    );
  }
}

/** A release that was stopped or rolled back is not rolled out once more by accident: IOT_RELEASE_STOPPED_BEFORE. */
export async function assertReleasable(journals: RolloutJournals, release: ReleaseName): Promise<void> {
  for await (const { journal, state } of rolloutsOfProduct(journals, release.product)) {
    if (state.config.resolved.version !== release.version) continue;
    if (state.status === "completed") return;
    const why = state.failure === null ? "" : `: ${state.failure.reason}`;
    throw new IotctlError(
      "IOT_RELEASE_STOPPED_BEFORE",
      `${release.product} ${release.version} was ${state.status.replaceAll("-", " ")} in rollout ${journal.rolloutId}${why}.`,
      {
        hints: [
          "Release what mends it under a new version",
          "Or roll out the same once more: iotctl release --again",
        ],
        details: { rolloutId: journal.rolloutId, status: state.status },
      },
    );
  }
}
