import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../../health/entries/catalog-sql.ts';
import type { ValueType } from './hash-method.ts';
import { type HashedColumn, rowHash } from './row-hash.ts';

export interface DatabaseRow {
  readonly name: string;
  readonly encoding: string;
  readonly owner: string;
  readonly bytes: number | string;
}

/** The current database. */
export function readDatabase(db: Queryable): Promise<DatabaseRow> {
  return db.one(sql<DatabaseRow>`
    select d.datname::text as name, pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
      pg_catalog.pg_get_userbyid(d.datdba)::text as owner, pg_catalog.pg_database_size(d.oid) as bytes
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
  `);
}

/** Exports the snapshot of this transaction, for other sessions on the same database. */
export async function exportSnapshot(db: Queryable): Promise<string> {
  return (await db.one(sql<{ snapshot: string }>`select pg_catalog.pg_export_snapshot() as snapshot`))
    .snapshot;
}

export interface ContentColumn extends ValueType {
  readonly column: string;
  /** As the table declares it, with its modifiers. */
  readonly declared: string;
  /** The type under a domain as SQL writes it; null for any other. */
  readonly baseType: string | null;
  /** Of a generated column that is computed when it is read: nothing of it is stored. */
  readonly isVirtual: boolean;
}

export interface ContentTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly unlogged: boolean;
  readonly ofExtension: boolean;
  /** Whether its rows lie in pages that can be read in parts. */
  readonly isHeap: boolean;
  /** 8 kB each (or what the server was built with). */
  readonly pages: number;
  readonly columns: readonly ContentColumn[];
}

const columns = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'column', a.attname,
    'declared', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'baseType', case when b.base <> a.atttypid then pg_catalog.format_type(b.base, -1) end,
    'isVirtual', a.attgenerated = 'v',
    'schema', tn.nspname,
    'name', ty.typname,
    'kind', ty.typtype,
    'isFixed', ty.oid < 10000,
    'hasBinary', ty.typsend <> 0,
    'element', case when ty.typcategory = 'A' then el.typname end
  ) order by a.attnum), '[]')
  from pg_catalog.pg_attribute a
  join bases b on b.oid = a.atttypid
  join pg_catalog.pg_type ty on ty.oid = b.base
  join pg_catalog.pg_namespace tn on tn.oid = ty.typnamespace
  left join pg_catalog.pg_type el on el.oid = ty.typelem
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

/** Every table that has rows of its own (partitions, not what they are partitions of), by schema and name. */
export function listContentTables(db: Queryable): Promise<ContentTable[]> {
  return db.many(sql<ContentTable>`
    with recursive bases as (
      select t.oid, t.oid as base from pg_catalog.pg_type t where t.typtype <> 'd'
      union all
      select d.oid, b.base from pg_catalog.pg_type d join bases b on b.oid = d.typbasetype where d.typtype = 'd'
    )
    select c.oid::int8 as oid, n.nspname::text as schema, c.relname::text as name, c.relpersistence = 'u' as unlogged,
      exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.objid = c.oid and d.deptype = 'e') as "ofExtension",
      coalesce((select am.amname = 'heap' from pg_catalog.pg_am am where am.oid = c.relam), false) as "isHeap",
      (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8)::int8 as pages,
      (${columns}) as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by n.nspname collate "C", c.relname collate "C"
  `);
}

type TableName = Pick<ContentTable, 'schema' | 'name'>;

/** Nobody may drop, truncate or rewrite them until the end of the transaction. `nowait` fails with 55P03 instead of waiting. */
export async function lockForReading(
  db: Queryable,
  tables: readonly TableName[],
  wait: 'wait' | 'nowait',
): Promise<void> {
  const names = sql.join(tables.map(({ schema, name }) => sql`only ${sql.id(schema, name)}`));
  await db.execute(
    wait === 'nowait'
      ? sql`lock table ${names} in access share mode nowait`
      : sql`lock table ${names} in access share mode`,
  );
}

/** Which of these tables have another file than the snapshot knows: to a snapshot, a truncated or rewritten table is empty. */
export async function listReplacedFiles(db: Queryable, oids: readonly number[]): Promise<number[]> {
  const rows = await db.many(sql<{ oid: number }>`
    select c.oid::int8 as oid from pg_catalog.pg_class c
    where c.oid = any (${oids}::int8[]::pg_catalog.oid[])
      and c.relfilenode is distinct from pg_catalog.pg_relation_filenode(c.oid::pg_catalog.regclass)
  `);
  return rows.map(({ oid }) => oid);
}

/** A part of a table by its pages; `to` undefined for all from there on. */
export interface PageRange {
  readonly from: number;
  readonly to: number | undefined;
}

export interface RowSum {
  readonly rows: number | string;
  /** Decimal text; may be negative and longer than 64 bits. */
  readonly sum: string;
}

/** How many rows there are and the sum of their hashes. */
export function sumRows(
  db: Queryable,
  { schema, name }: TableName,
  hashed: readonly HashedColumn[],
  range: PageRange | undefined,
): Promise<RowSum> {
  return db.one(sql<RowSum>`
    select count(*) as rows, coalesce(sum(${rowHash(hashed)}), 0)::text as sum
    from only ${sql.id(schema, name)} ${range === undefined ? sql`` : within(range)}
  `);
}

function within({ from, to }: PageRange): SqlQuery {
  const first = catalogSql(`'(${from},0)'::tid`);
  return to === undefined
    ? sql`where ctid >= ${first}`
    : sql`where ctid >= ${first} and ctid < ${catalogSql(`'(${to},0)'::tid`)}`;
}
