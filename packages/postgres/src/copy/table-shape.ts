import type { Queryable } from '../queryable.ts';
import { type SqlQuery, sql } from '../sql.ts';
import type { BulkTable } from './bulk-table.ts';

/** What has to be known of a table to write rows into it by other means than COPY. */
export interface TableShape {
  /** The types of all columns, as they stand behind `::`. */
  readonly types: ReadonlyMap<string, SqlQuery<unknown>>;
  readonly softDeletes: boolean;
}

export async function readTableShape(db: Queryable, { table }: BulkTable): Promise<TableShape> {
  const columns = await db.many(sql<{ name: string; type: string }>`
    select attname as name, pg_catalog.format_type(atttypid, atttypmod) as type
    from pg_catalog.pg_attribute
    where attrelid = ${sql.id(...table).text}::regclass and attnum > 0 and not attisdropped
  `);
  return {
    types: new Map(columns.map(({ name, type }) => [name, typeName(type)])),
    softDeletes: columns.some(({ name }) => name === 'deleted_at'),
  };
}

/** The catalog's own spelling, quoted by PostgreSQL where it has to be. */
function typeName(text: string): SqlQuery<unknown> {
  return sql(Object.assign([text], { raw: [text] }));
}
