import type { Queryable, Transaction } from '../queryable.ts';
import { type SqlQuery, sql } from '../sql.ts';
import type { Purge } from './purge-policy.ts';

const ROW = sql.id('target');

/** The moment `ms` milliseconds before the transaction began, by the database's clock. */
export function cutoffBefore(ms: number): SqlQuery<unknown> {
  return sql`(now() - ${ms}::double precision * interval '1 millisecond')`;
}

/**
 * Removes or clears at most `limit` rows. They are locked first and judged again afterwards, in a statement that sees what
 * was committed until then: a row that was needed meanwhile stays. Rows that somebody holds are left for the next time.
 * @returns how many
 */
export async function purgeRows(tx: Transaction, purge: Purge, limit: number): Promise<number> {
  const table = sql.id(purge.schema, purge.table);
  const found = await tx.many(sql<{ relation: string; place: string }>`
    select tableoid::text as relation, ctid::text as place from ${table} as ${ROW}
    where ${purge.condition(ROW)}
    limit ${limit}
    for update of ${ROW} skip locked
  `);
  if (found.length === 0) return 0;
  const chosen = sql`
    unnest(${found.map(({ relation }) => relation)}::text[]::oid[], ${found.map(({ place }) => place)}::text[]::tid[])
      as chosen (relation, place)
  `;
  const same = sql`${ROW}.ctid = chosen.place and ${ROW}.tableoid = chosen.relation and ${purge.condition(ROW)}`;
  return tx.execute(
    purge.clear === undefined
      ? sql`delete from ${table} as ${ROW} using ${chosen} where ${same}`
      : sql`update ${table} as ${ROW} set ${purge.clear} from ${chosen} where ${same}`,
  );
}

/** How many rows meet the condition in the snapshot of the transaction. */
export async function countPurgeable(db: Queryable, purge: Purge): Promise<number> {
  const { count } = await db.one(sql<{ count: number }>`
    select count(*) as count from ${sql.id(purge.schema, purge.table)} as ${ROW} where ${purge.condition(ROW)}
  `);
  return count;
}
