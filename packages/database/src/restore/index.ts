/** Ways back from a backup: beside the system it is of, in its place, and undone. docs/restores.md says what each promises. */

export { type DumpFile, findDumpFile } from './beside/dump-file.ts';
export { dumpMaterialized } from './beside/dump-materialized.ts';
export { type BesidePlan, planBeside } from './beside/plan-beside.ts';
export { type BesideOptions, type BesideResult, restoreBesideDatabase } from './beside/restore-beside.ts';
export { forgetReplacedDatabase, listReplacedDatabases, undoBeside } from './beside/undo-beside.ts';
export { chooseBackup, foundDamage, type HasWanted, problemText } from './choose-backup.ts';
export { damageOf } from './drill/damage-of.ts';
export type { Examination } from './drill/examine-restored.ts';
export { type DrillOptions, type DrillResult, runDrill } from './drill/run-drill.ts';
export {
  discardRestore,
  type PreparedRestore,
  type PrepareOptions,
  prepareRestore,
} from './embedded/prepare-restore.ts';
export { formerDatabase, prepareUndo } from './embedded/prepare-undo.ts';
export { type RecordEpoch, type SwitchOptions, switchRestore } from './embedded/switch-restore.ts';
export { type ExtractOptions, extractBackup } from './extract-backup.ts';
export { fetchDump } from './logical/dump-source.ts';
export { materializeBackup } from './materialize-backup.ts';
export type { MaterializedBackup, RecoveryTarget } from './materialized-backup.ts';
export { type Loss, type PlanOptions, planRestore, type RestorePlan } from './plan-restore.ts';
export type { Reach } from './reach.ts';
export { searchTransactions } from './transaction-search.ts';
