import { setTimeout as delay } from 'node:timers/promises';
import { readContent } from '@holdfast/database/backup';
import { type Connection, connect, sql } from '@holdfast/postgres';

/** Gives a database something to be kept: the ledger that is written to, and ballast that takes time to copy. */
export async function prepareDatabase(url: string, ballastRows: number): Promise<void> {
  await withConnection(url, async db => {
    await db.script(`
      create schema matrix;
      create table matrix.ledger (n bigint primary key, text text not null);
      create table matrix.ballast (id bigint primary key, text text not null);
      create index on matrix.ballast (md5(text));
      create table matrix.child (id bigint primary key, ballast bigint not null references matrix.ballast);
    `);
    await db.query(sql`
      insert into matrix.ballast select g, repeat(md5(g::text), 8) from generate_series(1, ${ballastRows}::int) g
    `);
    await db.query(sql`insert into matrix.child select id, id from matrix.ballast where id % 10 = 0`);
  });
}

/** A row that only this database has from now on. */
export async function mark(url: string, n: number): Promise<void> {
  await withConnection(url, async db => {
    await db.query(sql`insert into matrix.ledger values (${n}::bigint, repeat(md5(random()::text), 30))`);
    await db.query(sql`update matrix.ballast set text = reverse(text) where id % 500 = ${n % 500}::int`);
  });
}

/** What the system writes by itself, whoever restores what. */
const OWN_WRITES = [
  'public.sessions',
  'public.refresh_tokens',
  'public.audit_log',
  'public.signing_keys',
  'public.health_samples',
  'holdfast_ledger.seeds',
];

/** Every table with its rows and their checksum, in one text: equal when a database holds the same. */
export async function fingerprint(url: string): Promise<string> {
  const { tables } = await readContent({
    url,
    jobs: 1,
    holds: 'logical',
    signal: AbortSignal.timeout(60_000),
    onProgress: () => undefined,
  });
  return tables
    .map(({ schema, name, rows, checksum }) => ({ name: `${schema}.${name}`, rows, checksum }))
    .filter(({ name }) => !OWN_WRITES.includes(name) && !name.startsWith('holdfast_recovery.'))
    .map(({ name, rows, checksum }) => `${name} ${rows} ${checksum}`)
    .toSorted()
    .join('\n');
}

/** A commit that was acknowledged, and a position behind it and before the next one. */
export interface LoggedCommit {
  readonly n: number;
  readonly lsn: string;
}

export interface LedgerWriter {
  readonly log: readonly LoggedCommit[];
  stop(): Promise<void>;
}

const PAUSE_MS = 15;
const RETRY_MS = 50;
/** Closes a segment of WAL, so that there are some. */
const SWITCH_EVERY = 150;

/** Commits 1, 2, 3 … and writes down what was acknowledged; what was not is committed again, so that none is left out. */
export function startWriter(urlOf: () => Promise<string>, first = 1): LedgerWriter {
  const log: LoggedCommit[] = [];
  let stopped = false;
  let n = first;
  const running = (async () => {
    while (!stopped) {
      await withConnection(await urlOf(), async db => {
        for (; !stopped; n += 1) {
          log.push({ n, lsn: await commit(db, n) });
          await delay(PAUSE_MS);
        }
      }).catch(() => delay(RETRY_MS));
    }
  })();
  return {
    log,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

async function commit(db: Connection, n: number): Promise<string> {
  await db.query(sql`
    insert into matrix.ledger values (${n}::bigint, repeat(md5(random()::text), 60)) on conflict do nothing
  `);
  if (n % SWITCH_EVERY === 0) await db.query(sql`select pg_switch_wal()`);
  const { lsn } = await db.one(sql<{ lsn: string }>`select pg_current_wal_insert_lsn()::text as lsn`);
  return lsn;
}

/** Which of the commits a database holds: how many, and the greatest. */
export function readLedger(url: string): Promise<{ readonly count: number; readonly last: number }> {
  return withConnection(url, db =>
    db.one(
      sql<{
        count: number;
        last: number;
      }>`select count(*)::int as count, coalesce(max(n), 0)::int as last from matrix.ledger`,
    ),
  );
}

export async function withConnection<T>(url: string, work: (db: Connection) => Promise<T>): Promise<T> {
  const db = await connect({ url, applicationName: 'kill matrix' });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
