import { type Queryable, sql } from '@holdfast/postgres';

/** A table with encrypted columns, as Holdfast names them: `…_encrypted` beside `encryption_key_id` and `id`. */
export interface EncryptedTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly [string, ...string[]];
}

export function listEncryptedTables(db: Queryable, schemas: readonly string[]): Promise<EncryptedTable[]> {
  return db.many(sql<EncryptedTable>`
    select n.nspname::text as schema, c.relname::text as "table",
      pg_catalog.json_agg(a.attname order by a.attnum) filter (where a.attname like '%\\_encrypted') as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and n.nspname = any (${schemas}::pg_catalog.text[])
      and (a.attname in ('id', 'encryption_key_id')
        or (a.attname like '%\\_encrypted' and a.atttypid = 'pg_catalog.bytea'::pg_catalog.regtype))
    group by n.nspname, c.relname
    having count(*) filter (where a.attname in ('id', 'encryption_key_id')) = 2
      and count(*) filter (where a.attname like '%\\_encrypted') > 0
    order by 1, 2
  `);
}

/** Rows by the key that they name; the empty text when they name none. */
export function countByKey(
  db: Queryable,
  { schema, table, columns }: EncryptedTable,
): Promise<{ keyId: string; rows: number }[]> {
  return db.many(sql<{ keyId: string; rows: number }>`
    select coalesce(encryption_key_id::text, '') as "keyId", count(*) as rows
    from ${sql.id(schema, table)}
    where ${holdsAny(columns)}
    group by 1 order by 1
  `);
}

export interface EncryptedRow {
  readonly id: string;
  /** Base64 by column, null where there is nothing. */
  readonly fields: Readonly<Record<string, string | null>>;
}

/** A page of the rows under one key, by id; begins after `after`. */
export function readEncryptedRows(
  db: Queryable,
  { schema, table, columns }: EncryptedTable,
  keyId: string,
  after: string | undefined,
  limit: number,
): Promise<EncryptedRow[]> {
  const fields = columns.map(
    column => sql`${sql.literal(column)}, pg_catalog.encode(${sql.id(column)}, 'base64')`,
  );
  const position = after === undefined ? sql`true` : sql`id::text > ${after}`;
  return db.many(sql<EncryptedRow>`
    select id::text as id, pg_catalog.json_build_object(${sql.join(fields)}) as fields
    from ${sql.id(schema, table)}
    where coalesce(encryption_key_id::text, '') = ${keyId} and ${holdsAny(columns)} and ${position}
    order by id::text
    limit ${limit}
  `);
}

function holdsAny(columns: EncryptedTable['columns']) {
  return sql`(${sql.join(
    columns.map(column => sql`${sql.id(column)} is not null`),
    ' or ',
  )})`;
}
