import { errorMessage } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import type { ServerFacts } from './entry.ts';
import { queryText } from './judge.ts';

/** A statement of this database, added up over all its calls by pg_stat_statements. Times in milliseconds. */
export interface SlowQuery {
  readonly query: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly rows: number;
}

export type SlowQueries = { readonly queries: readonly SlowQuery[] } | { readonly skipped: string };

const SHOWN = 10;
const MISSING =
  'pg_stat_statements is not installed: add it to shared_preload_libraries, restart, and create extension pg_stat_statements';

/** The ten statements that took most time in all. Never rejects. */
export async function readSlowQueries(db: Queryable, { extensions }: ServerFacts): Promise<SlowQueries> {
  const schema = extensions.get('pg_stat_statements');
  if (schema === undefined) return { skipped: MISSING };
  try {
    const rows = await selectSlowest(db, schema, SHOWN);
    return { queries: rows.map(row => ({ ...row, query: queryText(row.query) ?? '' })) };
  } catch (error) {
    return { skipped: errorMessage(error) };
  }
}

function selectSlowest(db: Queryable, schema: string, limit: number): Promise<SlowQuery[]> {
  return db.many(sql<SlowQuery>`
    select s.query, s.calls, s.rows, pg_catalog.round(s.total_exec_time::numeric, 1)::float8 as "totalMs",
      pg_catalog.round(s.mean_exec_time::numeric, 2)::float8 as "meanMs",
      pg_catalog.round(s.max_exec_time::numeric, 1)::float8 as "maxMs"
    from ${sql.id(schema, 'pg_stat_statements')} s
    where s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    order by s.total_exec_time desc limit ${limit}`);
}
