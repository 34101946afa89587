import { HoldfastError } from '@holdfast/core';
import { type Queryable, type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import type { Environment } from './seed.ts';

/** What one INSERT did. */
export interface InsertCount {
  /** Without the schema when that is public. */
  readonly table: string;
  readonly inserted: number;
  /** Rows that were there already. */
  readonly unchanged: number;
}

interface InsertPlan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Tuples Inserted'?: number;
  readonly 'Conflicting Tuples'?: number;
}

/** What stands before the statement when it is sent. */
export const EXPLAIN = 'explain (analyze, verbose, costs off, timing off, summary off, format json) ';

/** Carries an INSERT … ON CONFLICT out and returns PostgreSQL's own counts, which only EXPLAIN ANALYZE tells apart. */
export async function insertCounting(tx: Transaction, statement: string): Promise<InsertCount> {
  const explained = rawStatement<{ 'QUERY PLAN': readonly { Plan: InsertPlan }[] }>(EXPLAIN + statement);
  const { 'QUERY PLAN': plans } = await tx.one(explained);
  const plan = plans[0]?.Plan;
  const table = plan?.['Relation Name'];
  if (plan === undefined || table === undefined)
    throw new HoldfastError('internal', 'An INSERT without a table');
  return {
    table: plan.Schema === 'public' || plan.Schema === undefined ? table : `${plan.Schema}.${table}`,
    inserted: plan['Tuples Inserted'] ?? 0,
    unchanged: plan['Conflicting Tuples'] ?? 0,
  };
}

/** A statement that stands in a file of the project, as it is. */
function rawStatement<Row>(text: string): SqlQuery<Row> {
  return sql<Row>(Object.assign([text], { raw: [text] }));
}

/** Whether this database was ever seeded as a production database. */
export async function isProductionDatabase(db: Queryable): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select exists (select from holdfast_ledger.seeds where environment = 'production') as found
  `);
  return found;
}

/** Records that a seed was applied, once for each environment it was applied in. */
export async function recordSeed(
  tx: Transaction,
  seed: { readonly name: string; readonly checksum: string },
  environment: Environment,
  inserted: number,
): Promise<void> {
  await tx.execute(sql`
    insert into holdfast_ledger.seeds as known (name, environment, checksum, inserted)
    values (${seed.name}, ${environment}, ${seed.checksum}, ${inserted}::bigint)
    on conflict (name, environment) do update
    set checksum = excluded.checksum, inserted = known.inserted + excluded.inserted, last_applied_at = now(),
      applied_by = session_user
  `);
}
