import type { Hand } from './hand.ts';
import { addConstraint } from './hands/constraints.ts';
import { allowWrites, setPassword } from './hands/database.ts';
import { createIndex, reindexIndex, separateTwins } from './hands/indexes.ts';
import { applyMigrations } from './hands/migrations.ts';
import { addColumn, createCode, createExtension, enableTrigger } from './hands/objects.ts';
import { settleOrphans } from './hands/orphans.ts';
import {
  closeKeyring,
  leaveToRestore,
  leaveToSupervisor,
  startDatabase,
  startServer,
  wakeDatabase,
  wakeKeeper,
  wakeServer,
} from './hands/processes.ts';
import { grantRights } from './hands/rights.ts';
import { resetSearchPath, resetTimeLimit } from './hands/role-settings.ts';
import { extendPassword, letIn, liftLimit } from './hands/roles.ts';
import { recordLoss } from './hands/rolled-back.ts';
import { restoreRowSecurity, restoreTrigger } from './hands/row-guards.ts';
import { restoreLostRows, restoreTable } from './hands/rows.ts';
import { bringGrantsBack, bringRoleBack, seedBuiltIn } from './hands/seeds.ts';
import { advanceSequence } from './hands/sequences.ts';
import { endBlockers, endForgotten, endIdle, rollBackPrepared } from './hands/sessions.ts';

/** Who repairs what, by the code of the fault. What is not here is explained and left. */
export const HANDS: Readonly<Record<string, Hand>> = {
  api_hung: wakeServer,
  api_process_down: startServer,
  built_in_role_missing: bringRoleBack,
  column_missing: addColumn,
  connection_limit_reached: liftLimit,
  connections_left_in_transactions: endForgotten,
  constraint_missing: addConstraint,
  database_files_gone: leaveToRestore,
  database_hung: wakeDatabase,
  database_login_refused: letIn,
  database_read_only: allowWrites,
  database_rolled_back: recordLoss,
  database_stopped: startDatabase,
  duplicate_keys: separateTwins,
  extension_missing: createExtension,
  function_missing: createCode,
  holdfast_down: leaveToSupervisor,
  holdfast_stopped: leaveToSupervisor,
  index_damaged: reindexIndex,
  index_invalid: reindexIndex,
  index_missing: createIndex,
  keeper_does_not_forward: wakeKeeper,
  keyring_unusable: closeKeyring,
  migration_half_done: applyMigrations,
  migrations_pending: applyMigrations,
  permission_not_granted: seedBuiltIn,
  prepared_transaction_forgotten: rollBackPrepared,
  refresh_tokens_truncated: restoreLostRows,
  rights_revoked: grantRights,
  role_expired: extendPassword,
  role_permissions_deleted: bringGrantsBack,
  row_security_changed: restoreRowSecurity,
  rows_lost: restoreLostRows,
  rows_without_parent: settleOrphans,
  search_path_changed: resetSearchPath,
  sequence_behind: advanceSequence,
  statement_timeout_short: resetTimeLimit,
  table_locked: endBlockers,
  table_missing: restoreTable,
  transaction_left_open: endIdle,
  trigger_disabled: enableTrigger,
  trigger_unexpected: restoreTrigger,
  wrong_database_password: setPassword,
};
