const secondS = 1;
const minuteS = 60 * secondS;
const hourS = 60 * minuteS;
const dayS = 24 * hourS;

/**
 * What virtual users and devices are like; every number of a simulation that does not come from the
 * release. Lengths of time are whole seconds, shares are percent. docs/simulate.md explains each.
 */
export interface SimulationModel {
  readonly users: {
    /** Take an update by themselves, soon after it is shown to them: their mean delay. */
    readonly automaticPercent: number;
    readonly automaticMeanS: number;
    /** Never update unless a floor forces them. The rest update by hand, with a long tail. */
    readonly neverPercent: number;
    readonly handMedianS: number;
    readonly handNinthS: number;
    /** From an update of the phone until the phone talks to its device. */
    readonly visitMeanS: number;
    /** From a floor until a user who is below it opens the app, and so has to update. */
    readonly forcedMeanS: number;
  };
  readonly devices: {
    readonly pollIntervalS: number;
    /** Switched off when the release begins, and until when: half are back after the median, nine in ten after the ninth. */
    readonly awayPercent: number;
    readonly awayMedianS: number;
    readonly awayNinthS: number;
    /** Switched off for good. */
    readonly lostPercent: number;
    /** Mean; between half and one and a half of it. */
    readonly installS: number;
    /** Updates that fail and fall back to the old version. */
    readonly failurePercent: number;
    /** Updates after which the device is never heard of again. */
    readonly silentPercent: number;
    /** Devices that carry the label of a stage that selects by label. */
    readonly labelledPercent: number;
  };
  readonly people: {
    /** From when a stage waits for approval until everybody has given it. */
    readonly approvalS: number;
    /** From publishing an app until the store shows it. */
    readonly reviewS: number;
    /** How long a retirement is waited for before the hard floor is raised. */
    readonly floorAfterS: number;
  };
  /** How often the rollout looks at the field. */
  readonly controlIntervalS: number;
}

export const defaultModel: SimulationModel = {
  users: {
    automaticPercent: 75,
    automaticMeanS: 2 * dayS,
    neverPercent: 0.5,
    handMedianS: 7 * dayS,
    handNinthS: 30 * dayS,
    visitMeanS: 8 * hourS,
    forcedMeanS: 1 * dayS,
  },
  devices: {
    pollIntervalS: 1 * hourS,
    awayPercent: 8,
    awayMedianS: 4 * dayS,
    awayNinthS: 21 * dayS,
    lostPercent: 0.2,
    installS: 10 * minuteS,
    failurePercent: 0.3,
    silentPercent: 0.05,
    labelledPercent: 1,
  },
  people: {
    approvalS: 4 * hourS,
    reviewS: 24 * hourS,
    floorAfterS: 14 * dayS,
  },
  controlIntervalS: 1 * hourS,
};
