import { HoldfastError } from '@holdfast/core';
import { Client } from 'pg';
import { clientConfig } from './client-config.ts';
import { databaseTrouble, unavailable } from './database-errors.ts';
import { type Connection, createQueryable } from './queryable.ts';
import { cancelCommand } from './replication/cancel-command.ts';
import { hangUp } from './run-statement.ts';
import {
  copyIntoSession,
  copyOutOfSession,
  createSession,
  runInSession,
  runScript,
  type Session,
} from './session.ts';
import { runTransaction, warnAfterCommit } from './transaction.ts';

export interface ConnectOptions {
  readonly url: string;
  /** Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** The limit for one statement in milliseconds, on the server and on the client. Default 0: none. */
  readonly statementTimeoutMs?: number;
  readonly applicationName?: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
const GOODBYE_MS = 500;

/**
 * Opens one connection, in one attempt. Throws `database_unavailable` or `database_timeout`; `sqlState` of the error
 * tells why the server refused (28P01 wrong password, 3D000 no such database, …).
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 0;
  const client = await openClient({
    url: options.url,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statementTimeoutMs,
    applicationName: options.applicationName,
  });
  const session = createSession(client, statementTimeoutMs);
  return createConnection(session, () => closeClient(client));
}

/** A connected driver client that never crashes the process: its errors show in the statements that meet them. */
export async function openClient(options: Parameters<typeof clientConfig>[0]): Promise<Client> {
  const client = new Client(clientConfig(options));
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    hangUp(client);
    throw databaseTrouble(error) ?? unavailable(error);
  }
}

/** The Connection on top of a session that somebody else opened; `close` ends or returns it. */
export function createConnection(session: Session, close: () => Promise<void>): Connection {
  const borrow = async (): Promise<Session> => {
    if (!session.broken) return session;
    throw unavailable(new HoldfastError('database_unavailable', 'the connection was lost'));
  };
  return {
    ...createQueryable(query => runInSession(session, query)),
    copyIn: (query, source) => copyIntoSession(session, query, source),
    copyOut: query => copyOutOfSession(session, query),
    script: text => runScript(session, text),
    transaction: (work, options) =>
      runTransaction(
        {
          random: Math.random,
          onAfterCommitError: warnAfterCommit,
          borrow,
          giveBack: () => undefined,
        },
        work,
        options,
      ),
    close,
    cancel: () => cancelCommand(session.client),
    processId: (session.client as Client & { readonly processID: number }).processID,
  };
}

/** Says goodbye, and hangs up when the server does not react. */
export async function closeClient(client: Client): Promise<void> {
  const timer = setTimeout(hangUp, GOODBYE_MS, client);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
