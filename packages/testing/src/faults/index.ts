export {
  builtInRoleMissing,
  columnMissing,
  constraintMissing,
  indexMissing,
  migrationsPending,
  permissionNotGranted,
  refreshTokensTruncated,
  rolePermissionsDeleted,
  tableMissing,
} from './data-injections.ts';
export {
  databaseAddressWrong,
  databaseHung,
  databaseMissing,
  databaseReadOnly,
  databaseStopped,
  tooManyConnections,
  wrongDatabasePassword,
} from './database-injections.ts';
export type { FaultInjection } from './fault-injection.ts';
export {
  keyringAmbiguous,
  keyringMixedUp,
  keyringOpenToOthers,
  keyringRemoved,
  signingKeyChanged,
} from './key-injections.ts';
export {
  apiHung,
  apiProcessDown,
  everythingStopped,
  portTaken,
  requiredVariableUnset,
  variableInvalid,
} from './process-injections.ts';
export { databaseRolledBack } from './rollback-injection.ts';
