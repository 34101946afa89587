export { type AdvisoryLockOptions, advisoryLockKey, withAdvisoryLock } from './advisory-lock.ts';
export type * from './catalog/catalog.ts';
export { listSchemas, readCatalog } from './catalog/read-catalog.ts';
export { type ConnectOptions, connect } from './connection.ts';
export * from './copy/index.ts';
export { databaseTrouble, isUniqueViolation, sqlState } from './database-errors.ts';
export { createListener, type Listener, type ListenerOptions, type Notification } from './listener.ts';
export { makeDirectory } from './make-directory.ts';
export { createPool, type Pool, type PoolOptions, type PoolStats } from './pool.ts';
export * from './purge/index.ts';
export type {
  Connection,
  Copyable,
  Queryable,
  QueryResult,
  RunTransaction,
  Transaction,
  TransactionOptions,
} from './queryable.ts';
export { isTransaction } from './queryable.ts';
export * from './replication/index.ts';
export { createSharedLookup, type SharedLookup, type SharedLookupOptions } from './shared-lookup.ts';
export { excludeDeleted, softDelete, undoSoftDelete } from './soft-delete.ts';
export { type SqlQuery, type SqlSeparator, type SqlValue, sql } from './sql.ts';
