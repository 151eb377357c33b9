/** What became of the devices that were assigned one firmware step. */
export interface StepCounts {
  toBegin: number;
  updating: number;
  updated: number;
  failed: number;
  silent: number;
  unheard: number;
}

/** Counts of so many steps, all zero. */
export function noStepCounts(steps: number): StepCounts[] {
  return Array.from({ length: steps }, () => ({
    toBegin: 0,
    updating: 0,
    updated: 0,
    failed: 0,
    silent: 0,
    unheard: 0,
  }));
}
