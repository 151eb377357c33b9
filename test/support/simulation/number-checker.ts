import type { describeRollout, RolloutView } from "../../../src/rollout/engine/describe-rollout.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import type { GateTruth } from "./gate-truth.ts";
import { broken } from "./invariant-broken.ts";
import type { Attempt, RecordedDevices } from "./recorded-devices.ts";

export type Describe = typeof describeRollout;

/** Holds what people are shown against the records, counted anew. */
export function checkNumbers(
  view: RolloutView,
  state: RolloutState,
  recorded: RecordedDevices,
  gates: GateTruth,
): void {
  const all = [...recorded.forward.values()].flatMap((attempts) => attempts.at(-1) ?? []);
  const count = (is: (attempt: Attempt) => boolean): number => all.filter(is).length;
  equal(
    "assigned",
    view.devices.assigned,
    count(({ status }) => status === "assigned"),
  );
  equal(
    "updating",
    view.devices.updating,
    count(({ status }) => status === "updating"),
  );
  equal(
    "failed",
    view.devices.failed,
    count(({ status }) => status === "failed"),
  );
  const updated = [...recorded.forward].filter(([id, attempts]) => {
    const last = attempts.at(-1);
    return last?.status === "updated" && !last.step.staged && recorded.back.get(id)?.status !== "updated";
  });
  equal("updated", view.devices.updated, updated.length);
  equal(
    "staged",
    view.devices.staged,
    count(({ status, step }) => status === "updated" && !!step.staged),
  );
  const returned = [...recorded.back.values()].filter(({ status }) => status === "updated").length;
  equal("returned", view.devices.returned, returned);
  equal("waiting", view.devices.waiting, recorded.waiting.size);
  equal("population", JSON.stringify(view.population), JSON.stringify(recorded.population?.versions ?? {}));
  for (const { component, devices, failures, name, undecided, version } of view.gates) {
    const gate = state.config.gates[name];
    if (component === null || version === null || !gate || gate.measure === "metric") continue;
    if (gate.measure === "count") continue;
    // A version that is laid ready and then run is counted for each by itself.
    const counted = [undefined, true as const].map((staged) =>
      gates.counts(gate, { component, version, ...(staged && { staged }) }),
    );
    const isCounted = counted.some(
      ({ bad, good, undecided: open }) => bad + good === devices && bad === failures && open === undecided,
    );
    if (!isCounted) broken(`gate ${name} counts ${failures} of ${devices}, not ${JSON.stringify(counted)}`);
  }
}

function equal<Value>(what: string, shown: Value, counted: Value): void {
  if (shown !== counted) broken(`${what}: ${String(shown)} are shown, ${String(counted)} are in the records`);
}
