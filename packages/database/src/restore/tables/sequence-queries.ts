import { type Queryable, sql, type Transaction } from '@holdfast/postgres';
import type { Relation, RelationSequence } from './relation.ts';
import { fromTable } from './row-sql.ts';

/**
 * Moves a sequence past the greatest number in its column (the least, when it counts down), and never back. One statement reads
 * and sets it, so that a number that is drawn meanwhile is not given again.
 * @returns whether it was moved
 */
export async function moveForward(
  tx: Transaction,
  relation: Relation,
  { schema, name, column }: RelationSequence,
): Promise<boolean> {
  const sequence = sql.id(schema, name);
  const { moved } = await tx.one(sql<{ moved: boolean }>`
    with rule as (
      select s.seqincrement > 0 as up, s.seqmin as low, s.seqmax as high from pg_catalog.pg_sequence s
      where s.seqrelid = ${sequence.text}::pg_catalog.regclass
    ), reached as (
      select case when up then pg_catalog.max(${sql.id(column)}) else pg_catalog.min(${sql.id(column)}) end::pg_catalog.int8
        as number, up, low, high
      from ${fromTable(relation)}, rule group by up, low, high
    )
    select coalesce((
      select pg_catalog.setval(${sequence.text}::pg_catalog.regclass, number, true) is not null
      from reached, ${sequence} now
      where number between low and high
        and case when up then number > now.last_value else number < now.last_value end
          or (number = now.last_value and not now.is_called)
    ), false) as moved`);
  return moved;
}

export interface SequenceState {
  readonly value: string;
  readonly called: boolean;
}

/** Null when the role may not read it. */
export function readSequence(db: Queryable, schema: string, name: string): Promise<SequenceState> {
  return db.one(
    sql<SequenceState>`select last_value::pg_catalog.text as value, is_called as called from ${sql.id(schema, name)}`,
  );
}

export async function setSequence(
  tx: Transaction,
  schema: string,
  name: string,
  { value, called }: SequenceState,
): Promise<void> {
  await tx.query(
    sql`select pg_catalog.setval(${sql.id(schema, name).text}::pg_catalog.regclass, ${value}::pg_catalog.int8, ${called}::pg_catalog.bool)`,
  );
}
