import { type Queryable, sql } from '@holdfast/postgres';

/** One foreign key, and what it does to the referring rows when the row that they refer to is deleted. */
export interface ForeignKey {
  readonly schema: string;
  readonly table: string;
  readonly targetSchema: string;
  readonly targetTable: string;
  /** Referring column and referred column, pair by pair. */
  readonly pairs: readonly (readonly [column: string, targetColumn: string])[];
  readonly onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
}

/** Every foreign key of the database; those that partitions inherit are told once, for the whole. */
export function readForeignKeys(db: Queryable): Promise<ForeignKey[]> {
  return db.many(sql<ForeignKey>`
    select source_schema.nspname as schema, source.relname as table, target_schema.nspname as "targetSchema",
      target.relname as "targetTable",
      (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_array(source_column.attname, target_column.attname) order by position)
        from pg_catalog.generate_series(1, pg_catalog.cardinality(fk.conkey)) as position
        join pg_catalog.pg_attribute as source_column
          on source_column.attrelid = fk.conrelid and source_column.attnum = fk.conkey[position]
        join pg_catalog.pg_attribute as target_column
          on target_column.attrelid = fk.confrelid and target_column.attnum = fk.confkey[position]
      ) as pairs,
      case fk.confdeltype
        when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' when 'r' then 'restrict'
        else 'no action'
      end as "onDelete"
    from pg_catalog.pg_constraint as fk
    join pg_catalog.pg_class as source on source.oid = fk.conrelid
    join pg_catalog.pg_namespace as source_schema on source_schema.oid = source.relnamespace
    join pg_catalog.pg_class as target on target.oid = fk.confrelid
    join pg_catalog.pg_namespace as target_schema on target_schema.oid = target.relnamespace
    where fk.contype = 'f' and fk.conparentid = 0
    order by 1, 2, fk.conname
  `);
}
