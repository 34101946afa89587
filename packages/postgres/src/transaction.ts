import { errorMessage, fullJitter, HoldfastError, systemClock } from '@holdfast/core';
import type { Client } from 'pg';
import { isStalePlan, sqlState, unavailable, wasNeverSent } from './database-errors.ts';
import { createQueryable, type Transaction, type TransactionOptions } from './queryable.ts';
import { copyIntoSession, copyOutOfSession, runInSession, type Session } from './session.ts';
import { type SqlQuery, sql } from './sql.ts';

const DEFAULT_RETRIES = 3;
const RETRY_DELAY = { baseMs: 10, maxMs: 250 };
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

/** Hands out a session for one attempt and takes it back; a broken one must not be lent again. */
export interface SessionSource<C extends Client = Client> {
  readonly random: () => number;
  /** Told what a callback after a commit failed with. */
  readonly onAfterCommitError: (error: unknown) => void;
  borrow(): Promise<Session<C>>;
  giveBack(session: Session<C>): void;
}

/** See RunTransaction. Between attempts no session is held. */
export async function runTransaction<T, C extends Client>(
  source: SessionSource<C>,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const retries = options.retries ?? DEFAULT_RETRIES;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptTransaction(source, work, options);
    } catch (error) {
      if (attempt >= retries || !isWorthRetrying(error)) throw error;
    }
    await systemClock.sleep(fullJitter(attempt, { ...RETRY_DELAY, random: source.random }));
  }
}

function isWorthRetrying(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED || isStalePlan(error);
}

async function attemptTransaction<T, C extends Client>(
  source: SessionSource<C>,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const session = await source.borrow();
  const scope: Scope = { open: true, afterCommit: [] };
  let result: T;
  try {
    await begin(session, options);
    result = await work(createTransaction(session, scope, options));
    scope.open = false;
    await commit(session);
  } catch (error) {
    scope.open = false;
    await rollBack(session);
    throw error;
  } finally {
    source.giveBack(session);
  }
  await runAfterCommit(scope, source.onAfterCommitError);
  return result;
}

/** Where nobody else wants to know. */
export function warnAfterCommit(error: unknown): void {
  process.emitWarning(`After a commit: ${errorMessage(error)}`, 'HoldfastWarning');
}

interface Scope {
  open: boolean;
  readonly afterCommit: (() => void | Promise<void>)[];
}

/** The session has been given back by now, so that a slow callback keeps nobody from the database. */
async function runAfterCommit({ afterCommit }: Scope, onError: (error: unknown) => void): Promise<void> {
  for (const callback of afterCommit) {
    try {
      await callback();
    } catch (error) {
      onError(error);
    }
  }
}

function createTransaction(
  session: Session,
  scope: Scope,
  { statementTimeoutMs }: TransactionOptions,
): Transaction {
  const assertOpen = (): void => {
    if (scope.open) return;
    const message = 'A statement was sent through a transaction that has ended; an await is missing';
    throw new HoldfastError('internal', message);
  };
  const run = async <Row>(query: SqlQuery<Row>) => {
    assertOpen();
    return runInSession(session, query, statementTimeoutMs);
  };
  return {
    copyIn: async (query, source) => {
      assertOpen();
      return copyIntoSession(session, query, source, statementTimeoutMs);
    },
    copyOut: query => {
      assertOpen();
      return copyOutOfSession(session, query, statementTimeoutMs);
    },
    isTransaction: true,
    afterCommit: callback => void scope.afterCommit.push(callback),
    ...createQueryable(run),
  };
}

const ISOLATION = {
  'read committed': sql`isolation level read committed`,
  'repeatable read': sql`isolation level repeatable read`,
  serializable: sql`isolation level serializable`,
};

async function begin(session: Session, options: TransactionOptions): Promise<void> {
  const { isolation, readOnly, statementTimeoutMs } = options;
  const modes = [
    ...(isolation === undefined ? [] : [ISOLATION[isolation]]),
    ...(readOnly === undefined ? [] : [readOnly ? sql`read only` : sql`read write`]),
  ];
  await runInSession(session, modes.length === 0 ? sql`begin` : sql`begin ${sql.join(modes)}`);
  if (statementTimeoutMs === undefined) return;
  await runInSession(
    session,
    sql`select set_config('statement_timeout', ${String(statementTimeoutMs)}, true)`,
  );
}

async function commit(session: Session): Promise<void> {
  if (session.broken) throw unavailable(new Error('the connection broke before the commit was sent'));
  let command: string;
  try {
    ({ command } = await runInSession(session, sql`commit`));
  } catch (error) {
    throw session.broken && !wasNeverSent(error) ? commitUnknown(error) : error;
  }
  if (command === 'COMMIT') return;
  const message =
    'The transaction was rolled back although its work succeeded: a statement in it failed and the error was ignored';
  throw new HoldfastError('internal', message);
}

function commitUnknown(cause: unknown): HoldfastError {
  const message =
    'The connection broke while the transaction was being committed: it may have been saved or not. Look before trying again';
  return new HoldfastError('commit_unknown', message, { cause, retryAfter: 1 });
}

/** A broken connection is not asked: the server rolls back by itself when the connection ends. */
async function rollBack(session: Session): Promise<void> {
  if (session.broken || session.client.getTransactionStatus() === 'I') return;
  try {
    await runInSession(session, sql`rollback`);
  } catch {
    session.broken = true;
  }
}
