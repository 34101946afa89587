import { type Connection, connect, sql } from '@holdfast/postgres';

/** What makes the text of a value the same in every session; PostgreSQL manual, "Client Connection Defaults". */
const SETTINGS: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  client_encoding: 'UTF8',
  // rows that a policy hides would be missing without a word
  row_security: 'off',
  // the work is divided here, by parts of tables
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** A connection in a read-only transaction that sees one snapshot to its end. */
export interface ContentSession {
  readonly connection: Connection;
  /** Runs statements that may fail without ending the transaction. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a session in an exported snapshot; without one, in a snapshot of its own. */
export async function openContentSession(url: string, snapshot: string | undefined): Promise<ContentSession> {
  const connection = await connect({ url, applicationName: 'holdfast-backup' });
  try {
    await applySettings(connection);
    await connection.script('begin isolation level repeatable read, read only');
    if (snapshot !== undefined)
      await connection.query(sql`set transaction snapshot ${sql.literal(snapshot)}`);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    connection,
    attempt: work => attempt(connection, work),
    close: () => connection.close(),
  };
}

async function applySettings(connection: Connection): Promise<void> {
  await connection.query(sql`
    select pg_catalog.set_config(wanted.key, wanted.value, false)
    from pg_catalog.json_each_text(${sql.json(SETTINGS)}::json) wanted
  `);
  // newer than some of the versions
  await connection.query(sql`
    select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name = 'transaction_timeout'
  `);
}

async function attempt<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await connection.script('savepoint holdfast_attempt');
  try {
    const result = await work();
    await connection.script('release savepoint holdfast_attempt');
    return result;
  } catch (error) {
    await connection.script('rollback to savepoint holdfast_attempt').catch(() => undefined);
    throw error;
  }
}
