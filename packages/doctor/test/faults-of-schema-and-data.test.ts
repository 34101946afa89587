import { describe } from 'node:test';
import {
  builtInRoleMissing,
  columnMissing,
  columnTypeChanged,
  constraintMissing,
  databaseRolledBack,
  duplicateRoleNames,
  everythingStopped,
  functionMissing,
  indexInvalid,
  indexMissing,
  migrationFilesChanged,
  migrationsPending,
  permissionNotGranted,
  portTaken,
  refreshTokensTruncated,
  requiredVariableUnset,
  rightsRevoked,
  rolePermissionsDeleted,
  rowSecurityEnabled,
  schemaNewer,
  sequenceBehind,
  sessionsEndedOutside,
  sessionsOrphaned,
  staleDumpRestored,
  tableEmptied,
  tableLocked,
  tableLockedQuietly,
  tableMissing,
  triggerDisabled,
  triggerRefusesRows,
  uniqueIndexDropped,
  upgradeDropped,
  variableInvalid,
} from '@holdfast/testing';
import { type NamedFault, testEach } from './name-faults.ts';

const FAULTS: readonly NamedFault[] = [
  [tableMissing('audit_log'), /^The table audit_log is missing from the database\.$/],
  [tableMissing('sessions'), /^The table sessions is missing from the database\.$/],
  [tableMissing('users'), /^The table users is missing from the database\.$/],
  [tableMissing('user_profiles'), /^The table user_profiles is missing from the database\.$/],
  [
    columnMissing('users', 'last_login_at'),
    /^The column users\.last_login_at is missing/,
    /holdfast restore --table users --mode overwrite;/,
  ],
  [columnMissing('sessions', 'user_id'), /^The column sessions\.user_id is missing/],
  [indexMissing('sessions_expiry'), /^The index sessions_expiry is missing/],
  [
    columnTypeChanged,
    /^The column audit_log\.request_id has the type character varying\(8\), not text\.$/,
    /^alter table public\.audit_log alter column request_id type text /,
  ],
  [uniqueIndexDropped, /^The index roles_name_unique is missing from the database\.$/],
  [
    indexInvalid,
    /^The index roles_kind is invalid, so PostgreSQL does not use it\.$/,
    /^reindex index concurrently roles_kind\.$/,
  ],
  [
    constraintMissing('sessions', 'sessions_user_id_fkey'),
    /^The constraint sessions\.sessions_user_id_fkey is missing/,
  ],
  [functionMissing('set_modified_at'), /^The function set_modified_at\(\) is missing from the database\.$/],
  [triggerDisabled('users', 'users_modified_at'), /^The trigger users\.users_modified_at is switched off\.$/],
  [
    rightsRevoked('user_profiles'),
    /^Rights on the table user_profiles were taken away\.$/,
    /^grant DELETE, INSERT, SELECT, UPDATE on table user_profiles to holdfast_app;$/,
  ],
  [
    rowSecurityEnabled('users'),
    /^Row level security of the table users is not as it was\.$/,
    /^alter table public\.users disable row level security;$/,
  ],
  [
    rowSecurityEnabled('password_credentials'),
    /^Row level security of the table password_credentials is not as it was\.$/,
    /^alter table public\.password_credentials disable row level security;$/,
  ],
  [
    triggerRefusesRows('sessions'),
    /^The trigger sessions\.refuse was added, and its function raises an error\.$/,
    /^drop trigger refuse on public\.sessions;$/,
  ],
  [
    sequenceBehind('audit_log', 'position'),
    /^The sequence audit_log_position_seq gives numbers that are taken already\.$/,
    /^select pg_catalog\.setval\(/,
  ],
  [
    sessionsOrphaned,
    /^Rows refer to rows of the table users that are not there, though foreign keys forbid it\.$/,
  ],
  [duplicateRoleNames, /^Several rows have one key, though the index roles_name_unique forbids it\.$/],
  [
    tableLocked('user_profiles'),
    /^A session keeps the table user_profiles locked: others wait for it, or give up\.$/,
    /^It holds the locks until its transaction ends$/,
  ],
  ...['users', 'login_attempts'].map(
    (table): NamedFault => [
      tableLockedQuietly(table),
      new RegExp(`^A session keeps the table ${table} locked: others wait for it, or give up\\.$`),
      /^It holds the lock until its transaction ends$/,
    ],
  ),
  [migrationsPending, /^The database schema is older than this version \(1 migration not applied: /],
  [
    schemaNewer,
    /^The database schema is newer than this version \(applied by a newer version: 9999_later\)\.$/,
  ],
  [migrationFilesChanged, /^The migration files are not the ones that were applied \(/],
  [rolePermissionsDeleted, /^No role grants any permission any more: the table role_permissions is empty\.$/],
  [
    permissionNotGranted('audit:read'),
    /^No role has the permission audit:read, so nobody can use what asks for it\.$/,
  ],
  [builtInRoleMissing('admin'), /^The built-in role admin is missing or disabled\.$/],
  [
    databaseRolledBack(),
    /^The database is older than the sessions that were ended: it was put back to an earlier state\.$/,
    /^Stop the servers, so that nobody uses a session that was ended: holdfast stop\.$/,
  ],
  [
    staleDumpRestored(),
    /^The database is older than the sessions that were ended: it was put back to an earlier state\.$/,
  ],
  [
    sessionsEndedOutside,
    /^Sessions were ended in the database itself, past Holdfast \(1 of \d+ sessions? that ended within the last day, /,
    /^Find out who did it, /,
  ],
  [tableEmptied('users'), /^The table users has lost all of its rows\.$/],
  [tableEmptied('password_credentials'), /^The table password_credentials has lost all of its rows\.$/],
  [tableEmptied('user_roles'), /^The table user_roles has lost all of its rows\.$/],
  [refreshTokensTruncated, /^The refresh tokens of signed-in users are gone from the database\.$/],
  [
    requiredVariableUnset,
    /^The API server cannot start because the variable DATABASE_URL is not set; the database is fine \(/,
  ],
  [
    variableInvalid,
    /^The API server cannot start because the variable HOLDFAST_ACCESS_TOKEN_TTL has a value that cannot be used; /,
  ],
  [
    upgradeDropped(),
    /^WebSockets do not get through, though everything else does \(the connection was not upgraded to a WebSocket\); the database is fine /,
  ],
  [portTaken(), /^The port \d+ of the API belongs to another program, so the API server cannot run there; /],
  [everythingStopped, /^Holdfast is not running: it was stopped, and nothing here has crashed\.$/],
];

describe('each fault of schema and data, on a running system', () => {
  testEach(FAULTS);
});
