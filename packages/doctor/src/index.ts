export { CHECKS } from './checks/index.ts';
export type { DoctorConfig, VariableRule } from './config/doctor-config.ts';
export { type OtherTarget, resolveOtherTarget } from './config/other-target.ts';
export { CONFIG_NAMES, findConfig, type LoadedConfig, loadConfig } from './config/read-config.ts';
export { type SystemSnapshot, takeSystemSnapshot } from './config/system-snapshot.ts';
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
export { CODEBOOK, OTHER_CODEBOOK } from './faults/index.ts';
export { findLostRevocations } from './probes/lost-revocations.ts';
export { journalFile } from './probes/revocation-journal.ts';
export { renderRepair } from './repair/render-repair.ts';
export { repair } from './repair/repair.ts';
export type {
  LeftCause,
  OpenBackup,
  RepairOptions,
  RepairReport,
  RepairTools,
} from './repair/repair-options.ts';
export { REPAIR_SCHEMA } from './repair/repair-schema.ts';
export { stateDirectoryOf } from './repair/state-directory.ts';
export { DIAGNOSIS_SCHEMA } from './report/diagnosis-schema.ts';
export { type RenderOptions, renderDiagnosis } from './report/render-diagnosis.ts';
export {
  type BackupReader,
  type FrontendTarget,
  isExaminable,
  resolveTarget,
  type Target,
  type TargetOptions,
} from './target.ts';
