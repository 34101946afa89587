export { assertDecryptable } from './assert-decryptable.ts';
export { newBackupId } from './backup-id.ts';
export { directoryDestination } from './directory-destination.ts';
export { type Decryption, decryptWith, type Encryption, encryptFor } from './encryption.ts';
export { openDestination } from './open-destination.ts';
export { originalPaths } from './open-file.ts';
export { type PruneOptions, type PruneResult, pruneBackups } from './prune.ts';
export { createRepository, type RepositoryOptions } from './repository.ts';
export {
  planRetention,
  type RetentionDecision,
  type RetentionPlan,
  type RetentionPolicy,
} from './retention.ts';
export { readSealKey } from './seal-key.ts';
export {
  type BackupCopy,
  lastValidation,
  type Survey,
  type SurveyedBackup,
  surveyBackups,
} from './survey.ts';
export { type FilesVerification, type VerifyFilesOptions, verifyFiles } from './verify-files.ts';
export { abandonedDirectories, markOwned } from './work-directory.ts';
