import { IotctlError, messageOf } from "../base/errors.ts";
import type { RolloutState } from "./engine/state.ts";
import { foldJournal } from "./fold.ts";
import type { RolloutJournal, RolloutJournals } from "./journal/journal.ts";

export interface RolloutOfProduct {
  readonly journal: RolloutJournal;
  readonly state: RolloutState;
}

/**
 * The rollouts of a product, the newest first. One that cannot be read throws what reading it throws,
 * named, unless its first record says that it is of another product: what it did nobody knows.
 */
export async function* rolloutsOfProduct(
  journals: RolloutJournals,
  product: string,
): AsyncGenerator<RolloutOfProduct> {
  for (const rolloutId of (await journals.list()).toReversed()) {
    const found = await readOf(product, rolloutId, journals);
    if (found) yield found;
  }
}

/** Which product a rollout is of, and since when. */
export interface Beginning {
  readonly product: string;
  readonly atMs: number;
}

/** How a rollout began by its first record alone; null when that cannot be told. */
export async function beginningOf(journals: RolloutJournals, rolloutId: string): Promise<Beginning | null> {
  const first = await journals.first(rolloutId).catch(() => null);
  if (first?.event.type !== "started") return null;
  return { product: first.event.config.resolved.product, atMs: first.at };
}

async function readOf(
  product: string,
  rolloutId: string,
  journals: RolloutJournals,
): Promise<RolloutOfProduct | null> {
  try {
    const journal = journals.open(rolloutId);
    const state = foldJournal(await journal.read());
    return state?.config.resolved.product === product ? { journal, state } : null;
  } catch (error) {
    const beginning = await beginningOf(journals, rolloutId);
    if (beginning && beginning.product !== product) return null;
    throw unreadable(rolloutId, `${beginning ? "is" : "may be"} of ${product}`, error);
  }
}

function unreadable(rolloutId: string, whose: string, error: unknown): unknown {
  if (!(error instanceof IotctlError)) return error;
  const { code, details, hints } = error;
  const message = `Rollout ${rolloutId} ${whose} and cannot be read: ${messageOf(error)}`;
  return new IotctlError(code, message, { hints, details: { ...details, rolloutId }, cause: error });
}
