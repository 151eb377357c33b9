import type { ComponentVersion } from "../../compat/relation.ts";

/** A firmware version that devices are to run or, staged, only to keep ready. */
export interface FirmwareStep extends ComponentVersion {
  readonly staged?: true;
  /**
   * It had been retired, and is offered once more in the phase of this index, under an assignment of
   * its own: the one before may have been taken back.
   */
  readonly again?: number;
  /** Who is given it had failed it, and is given it for the so-many-th time more. */
  readonly retry?: number;
}

/** A step without what else there is beside it. */
export function stepOf({ again, component, retry, staged, version }: FirmwareStep): FirmwareStep {
  return {
    component,
    version,
    ...(staged && { staged }),
    ...(again !== undefined && { again }),
    ...(retry !== undefined && { retry }),
  };
}

/** `fan@2.0.0`, `fan@2.0.0 staged`; what is counted by step is counted under this name. */
export function stepName({ component, staged, version }: FirmwareStep): string {
  return `${component}@${version}${staged ? " staged" : ""}`;
}

export function isSameStep(a: FirmwareStep, b: FirmwareStep): boolean {
  return isSameVersion(a, b) && a.again === b.again && a.retry === b.retry;
}

/** The same, whether it is offered for the first time or once more. */
export function isSameVersion(a: FirmwareStep, b: FirmwareStep): boolean {
  return a.component === b.component && a.version === b.version && a.staged === b.staged;
}
