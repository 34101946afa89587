import type { Client } from 'pg';
import type { CopySource } from './copy/copy-source.ts';
import { receiveCopy, sendCopy } from './copy/run-copy.ts';
import { leavesConnectionUsable } from './database-errors.ts';
import { DEADLINE_GRACE_MS, runStatement, runText, type StatementResult } from './run-statement.ts';
import type { SqlQuery } from './sql.ts';

/** A connection in the hands of one caller. Statements run one after another, in the order they were asked for. */
export interface Session<C extends Client = Client> {
  readonly client: C;
  /** The server's limit for one statement in milliseconds, 0 for none; the client waits a little longer. */
  readonly statementTimeoutMs: number;
  /** True once the state of the connection is unknown: it must not be used again. */
  broken: boolean;
  last: Promise<void>;
}

export function createSession<C extends Client>(client: C, statementTimeoutMs: number): Session<C> {
  return { client, statementTimeoutMs, broken: false, last: Promise.resolve() };
}

/** Runs a statement after all earlier ones of this session, whatever became of those. */
export function runInSession<Row>(
  session: Session,
  query: SqlQuery<Row>,
  statementTimeoutMs: number = session.statementTimeoutMs,
): Promise<StatementResult<Row>> {
  return inTurn(session, () => runStatement(session.client, query, deadlineFor(statementTimeoutMs)));
}

/** Runs a text of any number of statements through the simple protocol, in its turn. */
export function runScript(session: Session, text: string): Promise<void> {
  return inTurn(session, () => runText(session.client, text, deadlineFor(session.statementTimeoutMs)));
}

/** Sends the data of a COPY, in its turn. */
export function copyIntoSession(
  session: Session,
  query: SqlQuery<unknown>,
  source: CopySource,
  statementTimeoutMs: number = session.statementTimeoutMs,
): Promise<number> {
  return inTurn(session, () => sendCopy(session.client, query, source, deadlineFor(statementTimeoutMs)));
}

/** Receives the data of a COPY, in its turn; other statements of the session wait until it has been read. */
export async function* copyOutOfSession(
  session: Session,
  query: SqlQuery<unknown>,
  statementTimeoutMs: number = session.statementTimeoutMs,
): AsyncGenerator<Buffer, void, undefined> {
  const before = session.last;
  const turn = Promise.withResolvers<void>();
  session.last = turn.promise;
  await before;
  let outcome: 'left' | 'read' = 'left';
  try {
    yield* receiveCopy(session.client, query, deadlineFor(statementTimeoutMs));
    outcome = 'read';
  } catch (error) {
    if (leavesConnectionUsable(error)) outcome = 'read';
    throw error;
  } finally {
    if (outcome === 'left') session.broken = true;
    turn.resolve();
  }
}

async function inTurn<T>(session: Session, run: () => Promise<T>): Promise<T> {
  const before = session.last;
  const turn = Promise.withResolvers<void>();
  session.last = turn.promise;
  await before;
  try {
    return await run();
  } catch (error) {
    if (!leavesConnectionUsable(error)) session.broken = true;
    throw error;
  } finally {
    turn.resolve();
  }
}

export function deadlineFor(statementTimeoutMs: number): number {
  return statementTimeoutMs === 0 ? 0 : statementTimeoutMs + DEADLINE_GRACE_MS;
}
