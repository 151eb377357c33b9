import { type Admission, admitDevice, type GateRequest } from "../../compat/device-gate.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { Wave } from "../../manifest/release.ts";
import { cohortOf } from "./cohort-members.ts";
import { cohortSalt } from "./cohort.ts";
import { appsToMeet, gateFacts, inWords, servicesInField } from "./device-facts.ts";
import { isOver, retryDue, wasTakenBack } from "./device-progress.ts";
import type { Observed } from "./events.ts";
import { type FirmwareStep, isSameVersion } from "./firmware-step.ts";
import { introductionsBegun, kindOf, phasesBegun, phasesOf, retirementsPassed } from "./release-kinds.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import { leadsOn, waysToTarget } from "./way-to-target.ts";

/**
 * Who may get which version now: of the steps that have been introduced and lead a device on, the
 * furthest that a wave opens and the gate admits. Who has to wait is put into `waiting`.
 */
export function findAdmissible(
  state: RolloutState,
  devices: readonly Device[],
  relation: Relation,
  waiting: Record<string, string>,
): Observed["admissible"] {
  const found = new Map<string, Observed["admissible"][number]>();
  const peers = servicesInField(state, relation);
  const salt = cohortSalt(state.config.resolved);
  const waysOf = rememberedWays(state, relation);
  for (const { promptly, step, waves } of furthestFirst(stepsUnderWay(state))) {
    const { component, version } = step;
    const candidates = devices.filter((device) => {
      const progress = Object.hasOwn(state.devices, device.id) ? state.devices[device.id] : undefined;
      const retry = progress && retryDue(state.retries, device.id, progress);
      const ways = waysOf(component, device.hardware);
      return !found.has(device.id) && mayTakeNext(step, device, progress, ways, retry !== undefined);
    });
    const ask = (device: Device): Admission => {
      const facts = { ...gateFacts(device), ...meetings(state, step, device, peers) };
      return admitDevice({ device: facts, target: { component, version }, relation, rollback: false });
    };
    const places = Object.values(state.devices).filter((device) => hasTaken(device, step)).length;
    const { chosen, refused } = cohortOf(candidates, waves, places, salt, ask, promptly);
    for (const { id, reportedVersion } of chosen) {
      const progress = Object.hasOwn(state.devices, id) ? state.devices[id] : undefined;
      const retry = progress && retryDue(state.retries, id, progress);
      const which = { ...step, ...(retry !== undefined && { retry }) };
      found.set(id, { deviceId: id, ...which, from: reportedVersion ?? "" });
    }
    for (const [id, { reasons }] of refused) waiting[id] = inWords(reasons);
  }
  for (const id of found.keys()) delete waiting[id];
  return [...found.values()];
}

/** Whom a device meets with a step. */
function meetings(
  state: RolloutState,
  { again, staged }: FirmwareStep,
  device: Device,
  peers: readonly ComponentVersion[],
): Pick<GateRequest["device"], "pairedApps" | "peers"> {
  // An image that only lies ready meets nobody.
  if (staged) return { pairedApps: [], peers: [] };
  // Of what came after its retirement no plan says that it fits.
  if (again !== undefined) return { pairedApps: appsToMeet(state, device, introductionsBegun(state)), peers };
  return { pairedApps: device.pairedApps, peers };
}

/** A firmware step that has been introduced. */
export interface StepUnderWay {
  readonly step: FirmwareStep;
  /** Every wave that it has gone through: nobody who was in falls out. */
  readonly waves: readonly Wave[];
  /**
   * The app that drives the update comes to a device through its own waves. Where it has come, it does
   * not fit the old firmware any more, so that device waits for no wave.
   */
  readonly promptly: boolean;
}

/** The firmware steps that have been introduced, in the order of the plan; who was away takes even those that were retired. */
export function stepsUnderWay(state: RolloutState): StepUnderWay[] {
  const { config } = state;
  const staged = new Set<string>();
  const retired = retirementsPassed(state);
  const again = phasesBegun(state).length - 1;
  return phasesOf(config)
    .slice(0, state.phaseIndex + 1)
    .flatMap((phase, phaseIndex) => {
      const ahead = phaseIndex < state.phaseIndex;
      const entered = ahead ? phase.waves.length : state.waveIndex + (state.waveEntered ? 1 : 0);
      if (entered === 0) return [];
      const waves = phase.waves
        .slice(0, entered)
        .flatMap((wave) => config.stages[wave.stageIndex]?.waves[wave.waveIndex] ?? []);
      return phase.introductions
        .filter((step) => kindOf(config, step.component) === "firmware")
        .map(({ component, staged: isStaged, version }) => {
          const name = `${component}@${version}`;
          const promptly = staged.has(name);
          if (isStaged) staged.add(name);
          const isRetired = retired.some((gone) => gone.component === component && gone.version === version);
          const step = {
            component,
            version,
            ...(isStaged && { staged: true as const }),
            ...(isRetired && !isStaged && { again }),
          };
          return { step, waves, promptly };
        });
    });
}

/** Images that only lie ready come last: they take a device nowhere. */
export function furthestFirst(steps: readonly StepUnderWay[]): StepUnderWay[] {
  return steps.toSorted(
    ({ step: a }, { step: b }) =>
      Number(a.staged ?? false) - Number(b.staged ?? false) || compareVersions(b.version, a.version),
  );
}

function mayTakeNext(
  step: FirmwareStep,
  { reportedVersion }: Device,
  progress: DeviceProgress | undefined,
  ways: ReadonlyMap<string, number>,
  isRetried: boolean,
): boolean {
  if (!leadsOn(ways, reportedVersion, step.version)) return false;
  if (progress === undefined) return true;
  // What a device failed it may be given once more; what it has been through before that, never.
  if (isRetried) return isSameVersion(progress, step);
  if (progress.component !== step.component || hasTaken(progress, step) || !isOver(progress)) return false;
  if (progress.staged) return progress.version === step.version;
  // A step is proved on the device before the next begins there.
  return progress.status === "assigned" || (progress.heard && !progress.silent);
}

function hasTaken(progress: DeviceProgress, step: FirmwareStep): boolean {
  const { again, earlier } = progress;
  // What was taken back from a device in another phase may be offered to it once more.
  const counts = isSameVersion(progress, step) && (again === step.again || !wasTakenBack(progress));
  return counts || (earlier !== undefined && hasTaken(earlier, step));
}

function rememberedWays(
  { config }: RolloutState,
  relation: Relation,
): (component: string, model: string) => ReadonlyMap<string, number> {
  const ways = new Map<string, ReadonlyMap<string, number>>();
  return (component, model) => {
    const key = `${component} ${model}`;
    const known = ways.get(key) ?? waysToTarget(config, component, model, relation);
    ways.set(key, known);
    return known;
  };
}
