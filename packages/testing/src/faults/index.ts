export { apiClockAhead } from './clock-injection.ts';
export {
  builtInRoleMissing,
  columnMissing,
  constraintMissing,
  duplicateRoleNames,
  functionMissing,
  indexMissing,
  migrationsPending,
  permissionNotGranted,
  refreshTokensTruncated,
  rightsRevoked,
  rolePermissionsDeleted,
  sequenceBehind,
  sessionsOrphaned,
  tableMissing,
  triggerDisabled,
} from './data-injections.ts';
export {
  connectionLimitReached,
  databaseAddressWrong,
  databaseFilesGone,
  databaseHostUnknown,
  databaseHung,
  databaseMissing,
  databaseReadOnly,
  databaseStopped,
  roleExpired,
  searchPathChanged,
  tooManyConnections,
  wrongDatabasePassword,
} from './database-injections.ts';
export { diskFull } from './disk-injection.ts';
export { sessionsEndedOutside, tableEmptied } from './emptied-injections.ts';
export type { FaultInjection } from './fault-injection.ts';
export {
  encryptionKeyChanged,
  keyringAmbiguous,
  keyringMixedUp,
  keyringOpenToOthers,
  keyringRemoved,
  signingKeyChanged,
} from './key-injections.ts';
export { tableLocked, tableLockedQuietly } from './lock-injection.ts';
export {
  apiHung,
  apiProcessDown,
  everythingStopped,
  portTaken,
  requiredVariableUnset,
  variableInvalid,
} from './process-injections.ts';
export { upgradeDropped } from './proxy-injection.ts';
export { replicaWithOtherIssuer, replicaWithOtherKeys } from './replica-injections.ts';
export { databaseRolledBack, staleDumpRestored } from './rollback-injection.ts';
export {
  columnTypeChanged,
  indexInvalid,
  migrationFilesChanged,
  rowSecurityEnabled,
  schemaNewer,
  triggerRefusesRows,
  uniqueIndexDropped,
} from './schema-injections.ts';
export {
  connectionsLeftInTransactions,
  databaseLoginRefused,
  databaseNotAccepting,
} from './session-injections.ts';
export {
  audienceChanged,
  issuerChanged,
  poolOfOne,
  refreshTokenTtlInWrongUnit,
  sessionTtlTooShort,
} from './setting-injections.ts';
export {
  collationChanged,
  indexDamaged,
  preparedTransactionForgotten,
  storageDamagesPages,
  transactionIdsRunningOut,
} from './storage-injections.ts';
