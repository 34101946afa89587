export {
  type Check,
  type CheckOutcome,
  type CheckResult,
  type ObservationView,
  type OutcomeKind,
  outcomeId,
  runChecks,
} from './check.ts';
export { decode, type FoundFault, type Undecided, type UnexplainedFailure, type Verdict } from './decode.ts';
export { distinguishingOutcomes } from './distinguish.ts';
export {
  type CheckPattern,
  EVIDENCE_GRADES,
  type EvidenceGrade,
  type Fault,
  type FaultContext,
  type Repair,
  type RepairRisk,
} from './fault.ts';
export { LAYERS, type Layer, layerDepth } from './layer.ts';
export { type Blindness, isSighting, type Observation, type Sighting } from './observation.ts';
