import type { ComponentVersion } from "../../compat/relation.ts";

/** A firmware version that devices are to run or, staged, only to keep ready. */
export interface FirmwareStep extends ComponentVersion {
  readonly staged?: true;
}

/** `fan@2.0.0`, `fan@2.0.0 staged`; what is counted by step is counted under this name. */
export function stepName({ component, staged, version }: FirmwareStep): string {
  return `${component}@${version}${staged ? " staged" : ""}`;
}

export function isSameStep(a: FirmwareStep, b: FirmwareStep): boolean {
  return a.component === b.component && a.version === b.version && a.staged === b.staged;
}
