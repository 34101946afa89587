import type { TestContext } from 'node:test';
import { systemClock } from '@holdfast/core';
import { type Connection, connect, readCatalog, sql } from '@holdfast/postgres';
import type { HealthContext, HealthEntry, HealthReading, Thresholds } from '../../src/health/entry.ts';

interface Facts {
  readonly version: number;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  readonly readsStatistics: boolean;
  readonly inRecovery: boolean;
  readonly schemas: readonly string[];
  readonly extensions: Readonly<Record<string, string>>;
}

export interface ContextOptions extends Partial<Omit<HealthContext, 'db' | 'server'>> {
  readonly schemas?: readonly string[];
}

/** What an entry gets when a health command runs on this connection. */
export async function healthContext(
  db: Connection,
  url: string,
  { schemas, ...sources }: ContextOptions = {},
): Promise<HealthContext> {
  const facts = await readFacts(db);
  const server = {
    ...facts,
    extensions: new Map(Object.entries(facts.extensions)),
    schemas: schemas ?? facts.schemas,
  };
  return {
    db,
    clock: systemClock,
    server,
    databaseUrl: url,
    budgetMs: Number.POSITIVE_INFINITY,
    catalog: () => readCatalog(db, { schemas: server.schemas }),
    ...sources,
  };
}

function readFacts(db: Connection): Promise<Facts> {
  return db.one(sql<Facts>`
    select current_setting('server_version_num')::int as version,
      current_database() as database, current_user as user,
      current_setting('is_superuser') = 'on' as superuser,
      pg_has_role('pg_read_all_stats', 'member') as "readsStatistics",
      pg_is_in_recovery() as "inRecovery",
      (select array_agg(nspname::text order by 1) from pg_namespace
        where nspname not like 'pg\\_%' and nspname <> 'information_schema') as schemas,
      (select coalesce(json_object_agg(extname, nspname), '{}') from pg_extension join pg_namespace n on n.oid = extnamespace)
        as extensions
  `);
}

/** Runs one entry as the engine does, in a transaction that can only read. */
export function read(
  context: HealthContext,
  entry: HealthEntry,
  thresholds: Thresholds = {},
): Promise<HealthReading> {
  return (context.db as Connection).transaction(
    db => entry.check({ ...context, db }, { ...entry.thresholds, ...thresholds }),
    { readOnly: true },
  );
}

/** A connection that ends with the test. */
export async function open(t: TestContext, url: string): Promise<Connection> {
  const connection = await connect({ url });
  t.after(() => connection.close());
  return connection;
}

/** The entry of a number, of those of one area. */
export function entryOf(entries: readonly HealthEntry[], number: number): HealthEntry {
  const found = entries.find(entry => entry.number === number);
  if (found === undefined) throw new Error(`there is no entry ${number}`);
  return found;
}
