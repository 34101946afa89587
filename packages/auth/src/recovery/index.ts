export { lostRevocations, type RecordedRestore, recordRestore, recordRestoreIn } from './record-restore.ts';
export { judgeRecovery, type RecoveryMode, type RecoveryOptions, recoverSession } from './recover-session.ts';
export { listEpochs, type RestoreEpoch } from './recovery-queries.ts';
export {
  type JournalEntry,
  journalPath,
  openFileJournal,
  type RevocationJournal,
  readJournal,
} from './revocation-journal.ts';
