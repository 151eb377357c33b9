import { bridgesAreObserved, bridgesLeadToFirmware } from "./bridges.ts";
import { stagesHaveGates } from "./gates.ts";
import {
  countsOnlyGrow,
  gateComponentsExist,
  gatesAreAskedInTime,
  queriesNameVersions,
} from "./gate-queries.ts";
import { hardwareIsDistinct } from "./hardware.ts";
import { pinsAreSatisfiable, pinsNameOthers, releaseAgreesWithItself } from "./pins.ts";
import type { Rule } from "./rule.ts";
import { securityCountersNeverFall } from "./security-counters.ts";
import { sharesNeverFall, stageNamesAreUnique, stagesAreReachable } from "./stages.ts";
import {
  appsAreDistinct,
  firmwareInstallsOverOthers,
  knownComponentsExist,
  knownVersionsAreOthers,
  knownVersionsFitTheirKind,
} from "./versions.ts";

/** What must hold between the values of a release; each rule says everything it finds. */
export const releaseRules: readonly Rule[] = [
  pinsNameOthers,
  pinsAreSatisfiable,
  releaseAgreesWithItself,
  bridgesLeadToFirmware,
  bridgesAreObserved,
  knownComponentsExist,
  knownVersionsAreOthers,
  knownVersionsFitTheirKind,
  firmwareInstallsOverOthers,
  securityCountersNeverFall,
  appsAreDistinct,
  hardwareIsDistinct,
  stageNamesAreUnique,
  sharesNeverFall,
  stagesAreReachable,
  stagesHaveGates,
  gateComponentsExist,
  queriesNameVersions,
  countsOnlyGrow,
  gatesAreAskedInTime,
];
