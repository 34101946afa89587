import { type Clock, errorMessage, HoldfastError, systemClock } from '@holdfast/core';
import { type Connection, sql, type Transaction } from '@holdfast/postgres';

/** What a run reports while it works, in order. Statements are counted from 1. */
export type MigrationProgress =
  | {
      readonly kind: 'migration_started';
      readonly direction: 'up' | 'down';
      readonly version: string;
      readonly name: string;
      readonly statements: number;
      /** The first statement to run: above 1 when a stepwise migration is taken up again. */
      readonly from: number;
    }
  | {
      readonly kind: 'statement_started';
      readonly version: string;
      readonly statement: number;
      readonly line: number;
      readonly summary: string;
    }
  | {
      readonly kind: 'statement_skipped';
      readonly version: string;
      readonly statement: number;
      readonly reason: string;
    }
  | { readonly kind: 'lock_retry'; readonly attempt: number; readonly delayMs: number }
  /** Schemas that were named and are not there after the run, so that no snapshot can hold them. */
  | { readonly kind: 'schemas_missing'; readonly schemas: readonly string[] }
  | { readonly kind: 'index_dropped'; readonly index: string; readonly reason: string }
  | {
      readonly kind: 'migration_finished';
      readonly direction: 'up' | 'down';
      readonly version: string;
      readonly name: string;
      readonly durationMs: number;
    };

/** What every run takes, up or down. */
export interface RunOptions {
  /** A session of its own, as the role that owns the schema. Its settings are reset; nothing else may use it meanwhile. */
  readonly connection: Connection;
  /** The version of the tool, for the ledger. */
  readonly appVersion: string;
  readonly clock?: Clock;
  /** A number in [0, 1), for the jitter. */
  readonly random?: () => number;
  readonly onProgress?: (progress: MigrationProgress) => void;
  /** The schemas that belong to the migrations: what is compared, and stored after the run. Default: all, see `listSchemas`. */
  readonly schemas?: readonly string[] | 'all';
  /** How long to wait for another runner to finish, in milliseconds. Default 5 minutes. */
  readonly lockWaitMs?: number;
  /**
   * How long one attempt of a transaction may wait for a table, in milliseconds: while it waits, everybody else who wants the
   * table queues behind it. Default 500.
   */
  readonly ddlLockTimeoutMs?: number;
  /** How long to keep trying such a transaction, in milliseconds. Default one minute. */
  readonly ddlLockWaitMs?: number;
  /** The lock_timeout of statements that cannot be repeated cheaply, such as CREATE INDEX CONCURRENTLY. Default 10 minutes. */
  readonly concurrentLockTimeoutMs?: number;
  /**
   * Whether a connection through a pooler may be used, since that keeps one session of the server for it. Default false: a
   * pooler that hands out sessions by the transaction would lose the lock that keeps other runners out, and every setting.
   */
  readonly allowPooler?: boolean;
  /**
   * Stops the run: what the server is doing is cancelled and rolled back, the ledger says how far it got, and `interrupted` is
   * thrown. A run that is complete by then succeeds.
   */
  readonly signal?: AbortSignal;
  /** The line to type for a verb and its options, as in `migrate repair`, for messages. Default: `holdfast` and the verb. */
  readonly commandLine?: (verb: string) => string;
  /** The database is thrown away afterwards: a failure says that nothing happened to the one in use. Default false. */
  readonly inScratch?: boolean;
}

export interface RunContext {
  readonly connection: Connection;
  readonly appVersion: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: (progress: MigrationProgress) => void;
  readonly schemas: readonly string[] | 'all';
  readonly lockWaitMs: number;
  readonly ddlLockTimeoutMs: number;
  readonly ddlLockWaitMs: number;
  readonly concurrentLockTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly commandLine: (verb: string) => string;
  readonly inScratch: boolean;
  /** The role the session began with, which may write the ledger; a script may have set another. */
  readonly role: string;
  /** Puts the session into its known state, but for the lock_timeout. */
  readonly resetScript: string;
}

/** The line to type where nothing is known of the directory of the migrations. */
export function holdfast(verb: string): string {
  return `holdfast ${verb}`;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOTICE_ORPHANS = "set client_connection_check_interval = '5s';";

/** Fills in the defaults, and resets the session. */
export async function createRunContext(options: RunOptions): Promise<RunContext> {
  const { connection } = options;
  const context = {
    connection,
    appVersion: options.appVersion,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    report: options.onProgress ?? (() => undefined),
    schemas: options.schemas ?? 'all',
    lockWaitMs: options.lockWaitMs ?? 5 * MINUTE,
    ddlLockTimeoutMs: Math.round(options.ddlLockTimeoutMs ?? 500),
    ddlLockWaitMs: options.ddlLockWaitMs ?? MINUTE,
    concurrentLockTimeoutMs: Math.round(options.concurrentLockTimeoutMs ?? 10 * MINUTE),
    signal: options.signal,
    commandLine: options.commandLine ?? holdfast,
    inScratch: options.inScratch ?? false,
  };
  await connection.script('reset all; reset role');
  const { role, pid } = await connection.one(sql<{ role: string; pid: number }>`
    select current_setting('role') as role, pg_backend_pid() as pid
  `);
  if (options.allowPooler !== true) refusePooler(connection.processId, pid);
  const complete = { ...context, role, resetScript: await writeResetScript(connection) };
  await resetSession(complete);
  return complete;
}

/** A pooler answers the greeting with a process id of its own, not with the one of the session that runs the statements. */
function refusePooler(greeted: number, pid: number): void {
  if (greeted === pid) return;
  throw new HoldfastError(
    'usage',
    'The URL leads to a connection pooler. One that hands out sessions by the transaction would lose the lock that keeps other runners out, so nothing was run. Use the URL of PostgreSQL itself; if the pooler keeps one session for each client, say so',
    { details: { greetedAs: greeted, runsAs: pid } },
  );
}

/**
 * The same known settings for every script, whatever the one before it, the role or the database have set: no limit on
 * statements, plain string literals, and a server that notices within seconds when this process is gone.
 */
export async function resetSession(context: RunContext): Promise<void> {
  await context.connection.script(
    `${context.resetScript} set lock_timeout = ${context.concurrentLockTimeoutMs};`,
  );
}

/**
 * The same for a script that is one transaction: it gives up soon when a table is in use, and its commit does not wait for the
 * disk. Ledger and schema are in that commit together, so a crash of the server takes both or none; makeDurable waits for all.
 */
export async function resetForTransaction(context: RunContext): Promise<void> {
  const { connection, resetScript, ddlLockTimeoutMs } = context;
  await connection.script(
    `${resetScript} set lock_timeout = ${ddlLockTimeoutMs}; set synchronous_commit = off;`,
  );
}

/** Resolves when everything that this session has committed is on disk, and where the configuration asks for it on standbys. */
export async function makeDurable({ connection }: RunContext): Promise<void> {
  await connection.script('reset synchronous_commit; begin; select pg_current_xact_id(); commit');
}

/** Written once for a run: not every server has all of these settings, and its list of them is slow to read. */
async function writeResetScript(connection: Connection): Promise<string> {
  const limits = await connection.many(sql<{ name: string }>`
    select name from pg_catalog.pg_settings where name in
      ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout')
  `);
  const lines = [
    'reset all;',
    'reset role;',
    ...limits.map(({ name }) => `set ${name} = 0;`),
    'set standard_conforming_strings = on;',
    ...((await noticesOrphans(connection)) ? [NOTICE_ORPHANS] : []),
  ];
  return lines.join(' ');
}

async function noticesOrphans(connection: Connection): Promise<boolean> {
  try {
    await connection.script(NOTICE_ORPHANS);
    return true;
  } catch (error) {
    // not every operating system can tell; then an orphaned statement runs to its end
    if (!/client_connection_check_interval/.test(errorMessage(error))) throw error;
    return false;
  }
}

/** Runs work that writes the ledger, as the role that may, in a transaction of its own. */
export function writeLedger<T>(context: RunContext, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return context.connection.transaction(async tx => {
    await becomeOwner(context);
    return work(tx);
  });
}

/** Takes back, until the end of the transaction that is open, a role that a script has set. */
export async function becomeOwner({ connection, role }: RunContext): Promise<void> {
  await connection.script(`select set_config('role', ${sql.literal(role).text}, true)`);
}

/** Runs work as the role that may write the ledger, within the transaction that is open, and gives the script its role back. */
export async function asOwner<T>(context: RunContext, work: () => Promise<T>): Promise<T> {
  const { connection } = context;
  const before = await connection.one(sql<{ role: string }>`
    select current_setting('role') as role, set_config('role', ${context.role}, true)
  `);
  const result = await work();
  await connection.query(sql`select set_config('role', ${before.role}, true)`);
  return result;
}
