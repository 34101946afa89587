import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';

/** A table, index or other relation with pages. */
export interface StoredRelation {
  readonly oid: number | string;
  /** As SQL would write it. */
  readonly name: string;
  readonly bytes: number | string;
}

export type RelationKind = 'heap' | 'btree' | 'other';

const CONDITIONS: Readonly<Record<RelationKind, SqlQuery<never>>> = {
  heap: sql<never>`c.relkind in ('r', 'm', 't') and am.amname = 'heap'`,
  btree: sql<never>`c.relkind = 'i' and am.amname = 'btree'`,
  other: sql<never>`c.relkind = 'i' and am.amname <> 'btree'`,
};

/** Everything of a kind that is permanent and, for an index, in use, the largest first; the system's own is included. */
export function listRelations(db: Queryable, kind: RelationKind): Promise<StoredRelation[]> {
  return db.many(sql<StoredRelation>`
    select c.oid::pg_catalog.int8 as oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
      pg_catalog.pg_relation_size(c.oid) as bytes
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_am am on am.oid = c.relam
    where c.relpersistence = 'p' and ${CONDITIONS[kind]}
      and not exists (
        select from pg_catalog.pg_index i where i.indexrelid = c.oid and not (i.indisvalid and i.indisready)
      )
    order by 3 desc, 2`);
}

/** What amcheck finds wrong in the pages of a table; at most a few lines, since one cause makes many. */
export async function checkHeap(db: Queryable, schema: string, { oid }: StoredRelation): Promise<string[]> {
  const rows = await db.many(sql<{ problem: string }>`
    select pg_catalog.format('block %s%s: %s', h.blkno, ', item ' || h.offnum, h.msg) as problem
    from ${sql.id(schema, 'verify_heapam')}(
      relation => ${oid}::pg_catalog.int8::pg_catalog.oid::pg_catalog.regclass, on_error_stop => false, check_toast => true
    ) h
    limit 5`);
  return rows.map(({ problem }) => problem);
}

/** Fails with what is wrong in an index: the order, its pages, or rows of the table that it lacks; since 17 also duplicates. */
export async function checkBtree(
  db: Queryable,
  schema: string,
  { oid }: StoredRelation,
  version: number,
): Promise<void> {
  const relation = sql`${oid}::pg_catalog.int8::pg_catalog.oid::pg_catalog.regclass`;
  const check = sql.id(schema, 'bt_index_parent_check');
  await db.query(
    version >= 170_000
      ? sql`select ${check}(${relation}, heapallindexed => true, rootdescend => false, checkunique => true)`
      : sql`select ${check}(${relation}, heapallindexed => true, rootdescend => false)`,
  );
}

/** Reads every page through the buffers, which is where their checksums are verified. */
export async function readPages(db: Queryable, schema: string, { oid }: StoredRelation): Promise<void> {
  await db.query(sql`
    select ${sql.id(schema, 'pg_prewarm')}(${oid}::pg_catalog.int8::pg_catalog.oid::pg_catalog.regclass, 'buffer')`);
}

/** Which extensions that can look into pages the server has, and where each is installed already. */
export function findTools(
  db: Queryable,
): Promise<{ readonly name: string; readonly schema: string | null }[]> {
  return db.many(sql<{ name: string; schema: string | null }>`
    select a.name::text, n.nspname::text as schema
    from pg_catalog.pg_available_extensions a
    left join pg_catalog.pg_extension e on e.extname = a.name
    left join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where a.name in ('amcheck', 'pg_prewarm')
    order by a.name`);
}

/** The databases that can be connected to. */
export async function listDatabases(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select d.datname::text as name from pg_catalog.pg_database d where d.datallowconn order by d.datname`);
  return rows.map(({ name }) => name);
}

export interface ServerFacts {
  readonly version: number;
  readonly checksums: boolean;
  readonly schemas: string[];
}

/** What the checks of one database depend on; the schemas are those of people, not of the system. */
export function readServerFacts(db: Queryable): Promise<ServerFacts> {
  return db.one(sql<ServerFacts>`
    select pg_catalog.current_setting('server_version_num')::int as version,
      pg_catalog.current_setting('data_checksums') = 'on' as checksums,
      coalesce((
        select pg_catalog.array_agg(n.nspname::text order by n.nspname) from pg_catalog.pg_namespace n
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      ), '{}') as schemas`);
}

/** Databases that let nobody in, so that nothing in them can be looked at. PostgreSQL's own template0 is none of them. */
export async function listClosedDatabases(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select d.datname::text as name from pg_catalog.pg_database d
    where not d.datallowconn and d.datname <> 'template0' order by 1`);
  return rows.map(({ name }) => name);
}
