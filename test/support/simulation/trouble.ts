import { IotctlError } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import { pick } from "./chance.ts";
import { hourMs } from "./settings.ts";

/** How likely what goes wrong is, of each call or of each turn. */
export interface Trouble {
  /** The controller dies. */
  readonly kill: number;
  /** What is called does not answer, before or after it has worked. */
  readonly absence: number;
  /** The server dies in the middle of a batch. */
  readonly cut: number;
  /** Somebody speaks in the middle of a turn. */
  readonly speech: number;
  /** Another controller wants to take its turn in the middle of one. */
  readonly rival: number;
  /** The controller is held up for so long that its turn is another's. */
  readonly freeze: number;
  /** The server of the fleet dies between two turns. */
  readonly restart: number;
  /** The clock of the controller jumps, and goes right again some turns later. */
  readonly jump: number;
  /** A service cannot be deployed, or a store does not take an app. */
  readonly refusal: number;
}

const calm: Trouble = {
  kill: 0,
  absence: 0,
  cut: 0,
  speech: 0,
  rival: 0,
  freeze: 0,
  restart: 0,
  jump: 0,
  refusal: 0,
};

/** What may go wrong in one rollout: of each kind nothing, little or much. */
export function drawTrouble(random: Random, healthy: boolean): Trouble {
  const absence = pick(random, [0, 0.02, 0.1]);
  const rival = pick(random, [0, 0.005]);
  if (healthy) return { ...calm, absence, rival };
  return {
    kill: pick(random, [0, 0.01, 0.05]),
    absence,
    cut: pick(random, [0, 0.1]),
    speech: pick(random, [0, 0, 0.004, 0.03]),
    rival,
    freeze: pick(random, [0, 0.004]),
    restart: pick(random, [0, 0.05]),
    jump: pick(random, [0, 0, 0, 0.06]),
    refusal: pick(random, [0, 0, 0.1]),
  };
}

/** How far off a clock is, and for how many turns. */
export function drawJump(random: Random): { skewMs: number; turns: number } {
  return { skewMs: (random.next() * 2 - 1) * 10 * hourMs, turns: 1 + Math.floor(random.next() * 5) };
}

/** The process is gone. */
export class Killed extends Error {}

/** A backend that is away for a moment. */
export function away(): IotctlError {
  return new IotctlError("IOT_FLEET_UNREACHABLE", "the fleet does not answer");
}
