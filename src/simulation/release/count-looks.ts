import { formatDuration } from "../../base/durations.ts";
import { IotctlError } from "../../base/errors.ts";

/** Ten years of one an hour, and some. */
const looksMax = 100_000;

/** How often a rollout looks at the field in so many days. Throws IOT_SIMULATION_TOO_MANY_LOOKS. */
export function countLooks(daysMax: number, controlIntervalS: number): number {
  const looks = Math.ceil((daysMax * 86_400) / controlIntervalS);
  if (looks <= looksMax) return looks;
  const days = Math.floor((looksMax * controlIntervalS) / 86_400);
  throw new IotctlError(
    "IOT_SIMULATION_TOO_MANY_LOOKS",
    `${daysMax} days with a look every ${formatDuration(controlIntervalS * 1000)} (controlInterval) are ${looks} looks, more than ${looksMax}.`,
    {
      hints: [
        ...(days > 0 ? [`Simulate at most ${days} days: iotctl simulate --days ${days}`] : []),
        `Or look less often, in model.json: {"controlInterval": "${Math.ceil((daysMax * 86_400) / looksMax / 60)}m"}`,
      ],
      details: { daysMax, controlIntervalS, looks, looksMax },
    },
  );
}
