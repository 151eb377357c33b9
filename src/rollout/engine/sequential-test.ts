export type SequentialVerdict = "pass" | "fail" | "hold";

/** How many rates each mixture is made of; more changes nothing that matters. */
const gridPoints = 64;
/** The lowest rate that the passing mixture looks at, as a share of the limit. */
const lowestShare = 0.01;

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
  const threshold = 1 / alpha;
  if (mixtureRatio(failures, devices, limit, (share) => limit ** (1 - share)) > threshold) return "fail";
  if (mixtureRatio(failures, devices, limit, (share) => limit * lowestShare ** share) > threshold)
    return "pass";
  return "hold";
}

/** The fewest devices, all of them good, that can pass; what a stage must hold to be able to. */
export function devicesNeededToPass(limit: number, alpha: number): number {
  let devices = 1;
  // Bounded: the ratio grows without limit, but a limit near zero needs very many.
  while (devices < 10_000_000 && sequentialTest(0, devices, limit, alpha) !== "pass") {
    devices = Math.max(devices + 1, Math.floor(devices * 1.01));
  }
  while (devices > 1 && sequentialTest(0, devices - 1, limit, alpha) === "pass") devices--;
  return devices;
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
