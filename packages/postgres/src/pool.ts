import { type Client, Pool as DriverPool, type PoolClient } from 'pg';
import { clientConfig } from './client-config.ts';
import { type ClientLender, createClientLender } from './client-lender.ts';
import { createConnection } from './connection.ts';
import { isStalePlan, leavesConnectionUsable } from './database-errors.ts';
import {
  type Connection,
  createQueryable,
  type Queryable,
  type QueryResult,
  type RunTransaction,
} from './queryable.ts';
import { hangUp, runStatement } from './run-statement.ts';
import { createSession, deadlineFor, type Session } from './session.ts';
import type { SqlQuery } from './sql.ts';
import { runTransaction, type SessionSource, warnAfterCommit } from './transaction.ts';

export interface PoolOptions {
  readonly url: string;
  /** The most connections. Default 10. */
  readonly max?: number;
  /** The most callers that wait for a connection; one more gets `pool_exhausted` at once. Default 200. */
  readonly maxWaiting?: number;
  /** The longest wait for a connection, including attempts to connect again after an outage. Default 1,000 ms. */
  readonly acquireTimeoutMs?: number;
  /** The longest single attempt to connect. Default 1,000 ms. */
  readonly connectTimeoutMs?: number;
  /** The server's limit for one statement; the client waits 250 ms longer. Default 1,250 ms; 0 for none. */
  readonly statementTimeoutMs?: number;
  readonly applicationName?: string;
  /** Told when an idle connection is lost. The pool has dealt with it already. */
  readonly onError?: (error: Error) => void;
  /** Told what a callback after a commit failed with. Default: a warning of the process. */
  readonly onAfterCommitError?: (error: unknown) => void;
  /** The source of jitter, in [0, 1). Default Math.random. */
  readonly random?: () => number;
}

export interface PoolStats {
  readonly max: number;
  /** Connections that are open or being opened. */
  readonly size: number;
  /** Connections that are idle in the pool. */
  readonly checkedIn: number;
  /** Connections that are in use or being opened. */
  readonly checkedOut: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

/** Connections to share. Lost ones are replaced when they are needed, so it recovers from an outage by itself. */
export interface Pool extends Queryable {
  readonly transaction: RunTransaction;
  /** Lends one connection; it is closed afterwards, so that nothing set on it can leak into other work. */
  connection<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  stats(): PoolStats;
  /** Waits for the connections in use, turns away who waits, closes everything. May be called again. */
  close(): Promise<void>;
}

interface PoolParts {
  readonly driver: DriverPool;
  readonly lender: ClientLender;
  readonly statementTimeoutMs: number;
  readonly max: number;
  readonly clients: ReadonlySet<Client>;
}

const IDLE_TIMEOUT_MS = 60_000;
/** A transaction that is left open blocks others and vacuum; nothing in a request waits this long in between. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
const GOODBYE_MS = 500;

/**
 * Creates a pool; connects at the first use. With the defaults a statement takes at most 2.5 s in all, whatever state
 * the server is in, and then throws `database_unavailable`, `database_timeout` or `pool_exhausted`.
 */
export function createPool(options: PoolOptions): Pool {
  const parts = createParts(options);
  let closing: Promise<void> | undefined;
  return {
    ...createQueryable(query => runPooled(parts, query)),
    transaction: (work, transactionOptions) =>
      runTransaction(sessionSource(parts, options), work, transactionOptions),
    connection: work => lendConnection(parts, work),
    stats: () => readStats(parts),
    close: () => {
      closing ??= closePool(parts);
      return closing;
    },
  };
}

function createParts(options: PoolOptions): PoolParts {
  const { max = 10, maxWaiting = 200, acquireTimeoutMs = 1_000, statementTimeoutMs = 1_250 } = options;
  const { connectTimeoutMs = 1_000, onError = () => undefined, random = Math.random } = options;
  const { url, applicationName } = options;
  const driver = new DriverPool({
    ...clientConfig({ url, connectTimeoutMs, statementTimeoutMs, applicationName }),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    max,
  });
  const lender = createClientLender({ driver, max, maxWaiting, acquireTimeoutMs, random });
  return { driver, lender, statementTimeoutMs, max, clients: watchClients(driver, onError) };
}

/** The open connections. None of their errors ends the process. */
function watchClients(driver: DriverPool, onError: (error: Error) => void): ReadonlySet<Client> {
  const clients = new Set<Client>();
  driver.on('error', onError);
  driver.on('connect', client => {
    clients.add(client);
    // an error event that nobody listens to would end the process; the driver does not listen while it is lent
    client.on('error', () => undefined);
  });
  driver.on('remove', client => clients.delete(client));
  return clients;
}

async function runPooled<Row>(parts: PoolParts, query: SqlQuery<Row>): Promise<QueryResult<Row>> {
  for (let stale = 0; ; stale += 1) {
    try {
      return await runOnce(parts, query);
    } catch (error) {
      // nothing was executed; each connection can be stale once
      if (!isStalePlan(error) || stale >= parts.max) throw error;
    }
  }
}

async function runOnce<Row>(
  { lender, statementTimeoutMs }: PoolParts,
  query: SqlQuery<Row>,
): Promise<QueryResult<Row>> {
  const client = await lender.borrow();
  let usable = true;
  try {
    return await runStatement(client, query, deadlineFor(statementTimeoutMs));
  } catch (error) {
    usable = leavesConnectionUsable(error);
    throw error;
  } finally {
    lender.giveBack(client, !usable);
  }
}

function sessionSource(
  { lender, statementTimeoutMs }: PoolParts,
  { random = Math.random, onAfterCommitError = warnAfterCommit }: PoolOptions,
): SessionSource<PoolClient> {
  return {
    random,
    onAfterCommitError,
    borrow: async () => createSession(await lender.borrow(), statementTimeoutMs),
    giveBack: ({ client, broken }: Session<PoolClient>) => lender.giveBack(client, broken),
  };
}

async function lendConnection<T>(parts: PoolParts, work: (connection: Connection) => Promise<T>): Promise<T> {
  const client = await parts.lender.borrow();
  try {
    return await work(
      createConnection(createSession(client, parts.statementTimeoutMs), async () => undefined),
    );
  } finally {
    parts.lender.giveBack(client, true);
  }
}

function readStats({ driver, lender, max }: PoolParts): PoolStats {
  const { totalCount: size, idleCount: checkedIn } = driver;
  return { max, size, checkedIn, checkedOut: size - checkedIn, waiting: lender.waiting };
}

async function closePool({ driver, lender, clients }: PoolParts): Promise<void> {
  lender.close();
  await driver.end();
  await Promise.all(Array.from(clients, closed));
}

/** Resolves when the socket is closed, which a server that does not react is not asked for twice. */
function closed(client: Client): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(hangUp, GOODBYE_MS, client);
    client.connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
