import { type Queryable, sql } from '@holdfast/postgres';
import { statement } from '../statement.ts';

/** What moving rows of a table needs to know; names as SQL writes them. */
export interface TableFacts {
  readonly table: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** Without generated ones. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly hasCreatedAt: boolean;
}

/** By a name as SQL writes it; undefined when there is no such table. */
export function readTableFacts(db: Queryable, name: string): Promise<TableFacts | undefined> {
  return db.maybeOne(sql<TableFacts>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", n.nspname::text as schema,
      c.relname::text as name, c.relkind::text as kind,
      array(select pg_catalog.quote_ident(a.attname) from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
      array(select pg_catalog.quote_ident(a.attname) from pg_catalog.pg_index i
        cross join lateral pg_catalog.unnest(i.indkey) with ordinality k(number, position)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary order by k.position) as key,
      exists (select from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attname = 'created_at' and not a.attisdropped) as "hasCreatedAt"
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = pg_catalog.to_regclass(${name})`);
}

/** A foreign key that refers to a table; lists of columns in the same order, names as SQL writes them. */
export interface Reference {
  readonly name: string;
  readonly child: string;
  readonly childColumns: readonly string[];
  readonly parentColumns: readonly string[];
}

/** The foreign keys of all tables that refer to this one. */
export function listReferences(db: Queryable, table: string): Promise<Reference[]> {
  return db.many(sql<Reference>`
    select o.conname::text as name, pg_catalog.format('%I.%I', n.nspname, c.relname) as child,
      array(select pg_catalog.quote_ident(a.attname) from pg_catalog.unnest(o.conkey) with ordinality k(number, position)
        join pg_catalog.pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.number order by k.position) as "childColumns",
      array(select pg_catalog.quote_ident(a.attname) from pg_catalog.unnest(o.confkey) with ordinality k(number, position)
        join pg_catalog.pg_attribute a on a.attrelid = o.confrelid and a.attnum = k.number order by k.position) as "parentColumns"
    from pg_catalog.pg_constraint o
    join pg_catalog.pg_class c on c.oid = o.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where o.contype = 'f' and o.conparentid = 0 and o.confrelid = pg_catalog.to_regclass(${table})
    order by 2, 1`);
}

export type TableName = Pick<TableFacts, 'table' | 'schema' | 'name'>;

export async function countRows(db: Queryable, table: string): Promise<number> {
  const { rows } = await db.one(sql<{ rows: number }>`select count(*) as rows from ${statement(table)}`);
  return Number(rows);
}

/** References can go round in circles. */
const MOST_DEEP = 16;

/** The tables that a deletion from this one cascades to, the nearest first. */
export function listCascades(db: Queryable, table: string): Promise<TableName[]> {
  return db.many(sql<TableName>`
    with recursive cascades (parent, child) as (
      select confrelid, conrelid from pg_catalog.pg_constraint
      where contype = 'f' and conparentid = 0 and confdeltype = 'c' and conrelid <> confrelid
    ), hanging (child, depth) as (
      select child, 1 from cascades where parent = pg_catalog.to_regclass(${table})
      union
      select c.child, h.depth + 1 from hanging h join cascades c on c.parent = h.child where h.depth < ${MOST_DEEP}
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", n.nspname::text as schema, c.relname::text as name
    from (select child, max(depth) as depth from hanging group by child) h
    join pg_catalog.pg_class c on c.oid = h.child
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid <> pg_catalog.to_regclass(${table})
    order by h.depth, 1`);
}

/** The tables that rows of this one refer to, and what those refer to, the nearest first. */
export function listParents(db: Queryable, table: string): Promise<TableName[]> {
  return db.many(sql<TableName>`
    with recursive parents (parent, depth) as (
      select confrelid, 1 from pg_catalog.pg_constraint
      where contype = 'f' and conparentid = 0 and conrelid = pg_catalog.to_regclass(${table})
      union
      select o.confrelid, p.depth + 1 from parents p join pg_catalog.pg_constraint o on o.conrelid = p.parent
      where o.contype = 'f' and o.conparentid = 0 and p.depth < ${MOST_DEEP}
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", n.nspname::text as schema, c.relname::text as name
    from (select parent, min(depth) as depth from parents group by parent) p
    join pg_catalog.pg_class c on c.oid = p.parent
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid <> pg_catalog.to_regclass(${table})
    order by p.depth, 1`);
}
