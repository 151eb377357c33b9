export type SequentialVerdict = "pass" | "fail" | "hold";

/** How many rates each mixture is made of; more changes nothing that matters. */
const gridPoints = 64;
/** The lowest rate that the passing mixture looks at, as a share of the limit. */
const lowestShare = 0.01;
/** No fleet is larger. */
const devicesMax = 1_000_000_000;

/**
 * An anytime-valid test of a failure rate against a limit, with the device as the unit: looking
 * after every device is allowed. FAIL when the likelihood ratio of rates above the limit (a mixture,
 * even on a logarithmic scale) to the limit itself exceeds 1/alpha, PASS when that of rates below it
 * does, else HOLD. By Ville's inequality each wrong verdict has a chance of at most alpha.
 *
 * @param failures of `devices`, both whole numbers, 0 ≤ failures ≤ devices
 * @param limit the rate that may not be exceeded, in (0, 1)
 * @param alpha in (0, 0.5)
 */
export function sequentialTest(
  failures: number,
  devices: number,
  limit: number,
  alpha: number,
): SequentialVerdict {
  if (!(limit > 0 && limit < 1 && alpha > 0 && alpha < 0.5 && failures >= 0 && failures <= devices)) {
    return "hold";
  }
  if (devices === 0) return "hold";
  // A rate on the other side of the limit than what was seen is never likelier than the limit itself.
  const [verdict, rateAt] =
    failures > devices * limit
      ? (["fail", (share: number) => limit ** (1 - share)] as const)
      : (["pass", (share: number) => limit * lowestShare ** share] as const);
  return mixtureRatio(failures, devices, limit, rateAt) > 1 / alpha ? verdict : "hold";
}

/** The fewest devices, all of them good, that can pass; what a stage must hold to be able to. Infinity when none are enough. */
export function devicesNeededToPass(limit: number, alpha: number): number {
  return goodDevicesToPass(0, 0, limit, alpha);
}

/**
 * The fewest further devices, all of them good, with which `failures` of `devices` pass; 0 when they do
 * already. Infinity when none are enough.
 */
export function goodDevicesToPass(failures: number, devices: number, limit: number, alpha: number): number {
  const passes = (more: number): boolean => sequentialTest(failures, devices + more, limit, alpha) === "pass";
  if (passes(0)) return 0;
  let enough = 1;
  while (!passes(enough)) {
    if (enough > devicesMax) return Infinity;
    enough *= 2;
  }
  let tooFew = Math.floor(enough / 2);
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (passes(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

function mixtureRatio(
  failures: number,
  devices: number,
  limit: number,
  rateAt: (share: number) => number,
): number {
  let sum = 0;
  for (let point = 0; point < gridPoints; point++) {
    const rate = rateAt((point + 0.5) / gridPoints);
    sum += Math.exp(
      failures * Math.log(rate / limit) + (devices - failures) * Math.log((1 - rate) / (1 - limit)),
    );
  }
  return sum / gridPoints;
}
