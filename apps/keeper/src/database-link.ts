import { createPool, type Pool, sql } from '@holdfast/postgres';

/** The keeper's own way to the database: one connection, to wherever the database currently is. */
export interface DatabaseLink {
  /** Undefined while it is not known where the database is. */
  readonly url: string | undefined;
  /** Returns whether the address changed. */
  locate(url: string): boolean;
  /** One round trip; rejects with the reason, at the latest after some seconds. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

export function createDatabaseLink(): DatabaseLink {
  let url: string | undefined;
  let pool: Pool | undefined;
  return {
    get url() {
      return url;
    },
    locate: located => {
      if (located === url) return false;
      const former = pool;
      url = located;
      pool = createPool({ url: located, max: 1, maxWaiting: 2, applicationName: 'holdfast-keeper' });
      former?.close().catch(() => undefined);
      return former !== undefined;
    },
    probe: async () => {
      if (pool === undefined) throw new Error('it is not known where the database is');
      await pool.one(sql<{ alive: number }>`select 1 as alive`);
    },
    close: async () => {
      await pool?.close();
    },
  };
}
