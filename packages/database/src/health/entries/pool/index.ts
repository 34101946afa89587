import type { HealthEntry } from '../../entry.ts';
import { appPool } from './app-pool.ts';
import { blockedSessions } from './blocked-sessions.ts';
import { connections } from './connections.ts';
import { deadlocks } from './deadlocks.ts';
import { idleInTransaction } from './idle-in-transaction.ts';
import { lockTable } from './lock-table.ts';
import { longQuery } from './long-query.ts';
import { oldestTransaction } from './oldest-transaction.ts';
import { preparedTransactions } from './prepared-transactions.ts';
import { rollbackRatio } from './rollback-ratio.ts';
import { tempFiles } from './temp-files.ts';

/** Entries 6 to 16: connections, sessions, locks and transactions. */
export const POOL: readonly HealthEntry[] = [
  connections,
  appPool,
  idleInTransaction,
  oldestTransaction,
  longQuery,
  blockedSessions,
  lockTable,
  deadlocks,
  preparedTransactions,
  rollbackRatio,
  tempFiles,
];
