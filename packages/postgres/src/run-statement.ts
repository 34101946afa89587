import { type Client, type QueryResult as DriverResult, Query } from 'pg';
import { databaseTrouble, trouble } from './database-errors.ts';
import type { QueryResult } from './queryable.ts';
import type { SqlQuery } from './sql.ts';

/** How much longer than the server the client waits, so that the server's own cancellation can arrive first. */
export const DEADLINE_GRACE_MS = 250;

/** What the server did, as it named it: `COMMIT` answered with ROLLBACK is how a failed transaction shows. */
export interface StatementResult<Row> extends QueryResult<Row> {
  readonly command: string;
}

/**
 * Sends one statement and waits for its result, `deadlineMs` at most (0: for ever). The one path to the driver.
 * After the deadline the connection is hung up on, since its state is unknown, and `database_timeout` is thrown.
 */
export async function runStatement<Row>(
  client: Client,
  query: SqlQuery<Row>,
  deadlineMs: number,
): Promise<StatementResult<Row>> {
  try {
    const { rows, rowCount, command } = await send(client, query, deadlineMs);
    return { rows: rows as Row[], rowCount: rowCount ?? 0, command };
  } catch (error) {
    throw presentable(error);
  }
}

/** Sends a text of any number of statements through the simple protocol; otherwise like {@link runStatement}. */
export async function runText(client: Client, text: string, deadlineMs: number): Promise<void> {
  try {
    await send(client, text, deadlineMs);
  } catch (error) {
    throw presentable(error);
  }
}

/** Closes the socket at once, without a goodbye that a hung server would not read. */
export function hangUp(client: Client): void {
  client.connection.stream.destroy();
}

/** What the driver's queries have beyond their declared type. */
interface DriverStatement extends Query {
  name: string | undefined;
  queryMode: 'extended' | undefined;
}

/**
 * The driver copies a query given as an object property by property, which takes a tenth of the time of a short
 * statement; so it is given one of its own. In the extended protocol there is one statement only, whatever the text says.
 */
function send(
  client: Client,
  message: SqlQuery<unknown> | string,
  deadlineMs: number,
): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const expire = (): void => {
      if (settled) return;
      const text = `The database did not answer within ${deadlineMs} ms; the connection was closed`;
      reject(trouble('database_timeout', text));
      hangUp(client);
    };
    // When this process was the one that was busy, the answer is waiting in the socket: let it be read first.
    const timer = deadlineMs > 0 ? setTimeout(setImmediate, deadlineMs, expire) : undefined;
    client.query(
      driverQuery(message, (error, result) => {
        settled = true;
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(result);
      }),
    );
  });
}

function driverQuery(
  message: SqlQuery<unknown> | string,
  callback: (error: Error | undefined, result: DriverResult) => void,
): Query {
  if (typeof message === 'string') return new Query(message, callback);
  const statement = new Query(message.text, message.values as unknown[], callback) as DriverStatement;
  statement.name = message.name;
  statement.queryMode = 'extended';
  return statement;
}

function presentable(error: unknown): unknown {
  const known = databaseTrouble(error) ?? error;
  // the driver's stack ends in its socket handler; this one leads to the caller
  if (known instanceof Error) Error.captureStackTrace(known);
  return known;
}
