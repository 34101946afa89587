import { HoldfastError } from '@holdfast/core';
import { type Connection, connect, type SqlQuery, sql } from '@holdfast/postgres';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';

/** The database of the copy, past Holdfast: to damage it, and to look whether everything is there. */
export interface CopiedDatabase {
  /** As superuser. */
  url(): Promise<string>;
  dataDir(): Promise<string>;
  /** The postmaster; undefined while none runs. */
  pid(): Promise<number | undefined>;
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Runs one statement. */
  query(statement: SqlQuery): Promise<void>;
}

export function openDatabase(home: string): CopiedDatabase {
  const state = async () => {
    const found = await readClusterState(home);
    if (found === undefined) throw new HoldfastError('not_running', `There is no database in ${home}`);
    return found;
  };
  const url = async (): Promise<string> => {
    const address = new URL((await state()).superuserUrl);
    address.pathname = '/holdfast';
    return address.href;
  };
  const run = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await connect({ url: await url(), applicationName: 'holdfast gameday' });
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };
  return {
    url,
    dataDir: async () => (await state()).dataDir,
    pid: async () => {
      const found = await inspectCluster(home);
      return found.state === 'running' ? found.pid : undefined;
    },
    run,
    query: statement => run(async connection => void (await connection.query(statement))),
  };
}

/** A moment on the database's clock after everything that has been committed, with whole milliseconds. */
export async function momentOf(connection: Connection): Promise<Date> {
  const { now } = await connection.one(
    sql<{ now: Date }>`
      select date_trunc('milliseconds', clock_timestamp()) + interval '2 milliseconds' as now
    `,
  );
  await connection.query(sql`select pg_sleep(0.02)`);
  return now;
}
