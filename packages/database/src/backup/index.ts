export type {
  BackupEngine,
  BackupProgress,
  BackupRequest,
  MaterializeOptions,
} from './backup-engine.ts';
export type {
  BackupRepository,
  BackupWriter,
  BrokenBackup,
  Destination,
  SealState,
  StoredBackup,
} from './backup-repository.ts';
export { BEFORE_REPAIR, isBeforeRepair } from './before-repair.ts';
export { diffContent, readContent, type TableDifference } from './content/index.ts';
export { contentOf } from './content-of.ts';
export { type BackupMaker, createEngine, type EngineOptions } from './engines/create-engine.ts';
export type * from './manifest.ts';
export * from './store/index.ts';
export { validateByDecoding } from './take/decode-backup.ts';
export { takeBackup } from './take/take-backup.ts';
export type { Outcome } from './take/tee-writer.ts';
export * from './wal/index.ts';
export type { RangeBeginning, WalArchive, WalRange } from './wal-archive.ts';
