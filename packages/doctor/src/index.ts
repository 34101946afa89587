export { CHECKS } from './checks/index.ts';
export {
  type DegradedCheck,
  type Diagnosis,
  type DiagnosisStatus,
  exitCode,
  type RootCause,
  type UndecidedCauses,
  type Unexplained,
} from './diagnosis.ts';
export type { CheckOutcome, Fault, Layer, Observation, Repair } from './engine/index.ts';
export { type ExamineOptions, examine } from './examine.ts';
export { CODEBOOK } from './faults/index.ts';
export { findLostRevocations } from './probes/lost-revocations.ts';
export { journalFile } from './probes/revocation-journal.ts';
export { DIAGNOSIS_SCHEMA } from './report/diagnosis-schema.ts';
export { type RenderOptions, renderDiagnosis } from './report/render-diagnosis.ts';
export { isExaminable, resolveTarget, type Target, type TargetOptions } from './target.ts';
